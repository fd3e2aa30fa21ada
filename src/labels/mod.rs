//! Interpretations: picked points and painted sections, turned into sparse class sections on the survey's grid.
