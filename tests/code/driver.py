"""Runs generated modules with the library they are written for.

A job is a module and a point. With NumPy its `value` must be what the judge says, and each derivative
what extrapolated differences of `value` say; with another library all of them what the NumPy module
says. Usage: driver.py numpy|jax|torch JOBS.json
"""

import inspect
import json
import sys

import numpy as np

try:
    import scipy.special  # noqa: F401
except ModuleNotFoundError:
    # the reference modules want no more of it than this
    import math
    import types

    sys.modules["scipy"] = types.ModuleType("scipy")
    sys.modules["scipy.special"] = types.ModuleType("scipy.special")
    sys.modules["scipy.special"].erf = np.vectorize(math.erf)
    sys.modules["scipy.special"].erfc = np.vectorize(math.erfc)

LIBRARY = sys.argv[1]
if LIBRARY == "jax":
    import jax
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as xp
    array, exp, sin, cos = xp.asarray, xp.exp, xp.sin, xp.cos
elif LIBRARY == "torch":
    import torch
    array = lambda v: torch.tensor(v, dtype=torch.float64)
    exp, sin, cos = torch.exp, torch.sin, torch.cos
else:
    array, exp, sin, cos = np.asarray, np.exp, np.sin, np.cos

REFERENCE = LIBRARY == "numpy"


def given(value):
    return array(value.tolist()) if np.ndim(value) else float(value)


def callables(array, exp, sin, cos):
    """`f` as the judge is told and a function `J` of an array, with their derivatives."""
    def scale(u):
        return array(np.arange(1.0, np.prod(u.shape) + 1.0).reshape(tuple(u.shape)).tolist())

    return {
        "f": lambda u: exp(0.4 * u) + cos(0.9 * u),
        "f_prime": lambda u: 0.4 * exp(0.4 * u) - 0.9 * sin(0.9 * u),
        "f_prime2": lambda u: 0.16 * exp(0.4 * u) - 0.81 * cos(0.9 * u),
        "J": lambda u: (sin(u) * scale(u)).sum() + 0.1 * u.sum() ** 3,
        "J_grad": lambda u: cos(u) * scale(u) + 0.3 * u.sum() ** 2,
    }


CALLABLES = callables(array, exp, sin, cos)
NUMPY_CALLABLES = callables(np.asarray, np.exp, np.sin, np.cos)


def differences(f, x):
    """∂f/∂x with the axes of `f` first: central differences, extrapolated to a step of 0."""
    x = np.asarray(x, float)
    out = np.zeros(np.shape(f(x)) + x.shape)
    for at in np.ndindex(*x.shape):
        e = np.zeros_like(x)
        table = []
        for k in range(5):
            h = 0.02 / 2**k
            e[at] = h
            table.append((f(x + e) - f(x - e)) / (2 * h))
        for j in range(1, 5):
            table = [(4**j * b - a) / (4**j - 1) for a, b in zip(table, table[1:])]
        out[(Ellipsis,) + at] = table[0]
    return out


def call(function, point):
    names = inspect.signature(function).parameters
    arguments = {n: CALLABLES[n] if n not in point else given(point[n]) for n in names}
    return np.asarray(function(**arguments), dtype=float)


def compare(what, found, expected, tolerance):
    if found.shape != expected.shape:
        return [f"{what}: shape {found.shape}, expected {expected.shape}"]
    bound = tolerance * max(1.0, np.max(np.abs(expected), initial=0.0))
    error = np.max(np.abs(found - expected), initial=0.0)
    return [] if error <= bound else [f"{what}: error {error}, allowed {bound}"]


def loaded(text):
    module = {}
    exec(compile(text, "module", "exec"), module)
    return module


def run(job):
    module = loaded(job["module"])
    point = {name: np.asarray(v, dtype=float) for name, v in job["at"].items()}
    value = module["value"]
    renamed = {name.rstrip("_"): name for name in point}
    found = call(value, point)
    wrong = []
    if job["value"] is not None:
        wrong += compare("value", found, np.asarray(job["value"], dtype=float), 1e-9)
    for name, written in job["results"]:
        variables = [renamed.get(v, v) for v in written]

        def at(*moved):
            return call(value, {**point, **dict(zip(variables, moved))})

        if name.startswith("hessian"):
            x, y = (point[v] for v in variables)
            if variables[0] == variables[1]:
                inner = lambda s: differences(lambda t: call(value, {**point, variables[0]: t}), s)
            else:
                inner = lambda t: differences(lambda s: at(s, t), x)
            expected, tolerance = differences(inner, y), 1e-5
        else:
            expected, tolerance = differences(at, point[variables[0]]), 1e-7
            if name.startswith("grad") and found.ndim:
                expected = np.tensordot(point[job["cotangent"]], expected, axes=found.ndim)
        wrong += compare(name, call(module[name], point), expected, tolerance)
    return wrong


def against_reference(job):
    """The functions of a module beside those of the NumPy module, in the order of their parameters."""
    module, reference = loaded(job["module"]), loaded(job["reference"])
    point = {name.rstrip("_"): np.asarray(v, dtype=float) for name, v in job["at"].items()}
    wrong = []
    for name in ["value"] + [result[0] for result in job["results"]]:
        own, other = (inspect.signature(m[name]).parameters for m in (module, reference))
        if [p.rstrip("_") for p in own] != [p.rstrip("_") for p in other]:
            wrong.append(f"{name}: parameters {list(own)}, expected {list(other)}")
            continue
        values = [point.get(p.rstrip("_")) for p in own]
        plain = [v if v is not None else NUMPY_CALLABLES[p] for p, v in zip(own, values)]
        lists = [given(v) if v is not None else CALLABLES[p] for p, v in zip(own, values)]
        expected = np.asarray(reference[name](*plain), dtype=float)
        wrong += compare(name, np.asarray(module[name](*lists), dtype=float), expected, 1e-10)
    return wrong


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        try:
            wrong = run(job) if REFERENCE else against_reference(job)
        except Exception as error:  # a module that fails is that job's failure
            wrong = [f"{type(error).__name__}: {error}"]
        for text in wrong:
            print(f"{job['id']}: {text}")


main()
