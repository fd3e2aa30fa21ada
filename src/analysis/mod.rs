//! What is asked of data and networks beside prediction.

pub mod shallow;
