//! The `facies` program; everything it does lives in [`facies::cli`].

fn main() {}
