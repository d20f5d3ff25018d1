//! What is drawn, and that nothing overlaps.
