"""Calls the generated NumPy modules at the points of the cases: a list of jobs in, of results out."""

import importlib.util
import inspect
import json
import sys

import numpy as np

GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψω", (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega").split()))


def canonical(name):
    return "".join(GREEK.get(c, c) for c in name).rstrip("_")


def unknown(text):
    """A function of `u` and its derivative, exact to rounding by a complex step."""
    code = compile(text.replace("^", "**"), "function", "eval")
    names = {k: getattr(np, k) for k in ("exp", "sin", "cos", "tanh", "sinh", "cosh", "log", "sqrt")}

    def f(u):
        return eval(code, names, {"u": np.asarray(u)})

    def f_prime(u):
        return np.imag(f(np.asarray(u) + 1e-30j)) / 1e-30

    return f, f_prime


def array(value):
    return float(value) if isinstance(value, (int, float)) else np.array(value, dtype=float)


def run(job):
    spec = importlib.util.spec_from_file_location("generated", job["module"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = {canonical(name): array(value) for name, value in job["at"].items()}
    for name, text in job["functions"].items():
        known[name], known[name + "_prime"] = unknown(text)
    functions = {canonical(n): f for n, f in vars(module).items() if inspect.isfunction(f)}
    result = {}
    for wanted in job["wanted"]:
        function = functions[canonical(wanted)]
        given = {n: known[canonical(n)] for n in inspect.signature(function).parameters}
        result[wanted] = np.asarray(function(**given)).tolist()
    return result


def main():
    results = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        try:
            results[job["id"]] = run(job)
        except Exception as error:  # a module that fails is that case's failure
            results[job["id"]] = f"{type(error).__name__}: {error}"
    json.dump(results, sys.stdout)


main()
