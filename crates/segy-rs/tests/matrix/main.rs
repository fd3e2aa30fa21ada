//! What the crate makes of every kind of file it knows of, good and bad.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod geometry;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod random;
#[cfg(test)]
mod real;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod writing;
