//! Confusion matrix and the scores drawn from it: running sums over plain arrays.
