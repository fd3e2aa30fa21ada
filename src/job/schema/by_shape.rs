//! Values with a short form and a long one: text, number, list or map.
//!
//! serde's `untagged` would do, but answers every mistake with "did not match any variant"; here the shape decides
//! which form is meant, and the mistake is then named inside that form.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

/// A type that reads text, numbers, lists or maps in different ways.
pub(in crate::job) trait ByShape<'de>: Sized {
    /// What may stand here, after "expected".
    const EXPECTED: &'static str;

    /// From a text.
    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        Err(E::invalid_type(Unexpected::Str(text), &Self::EXPECTED))
    }

    /// From a number.
    fn from_number<E: Error>(number: f64) -> Result<Self, E> {
        let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
        let found = if is_whole { Unexpected::Signed(number as i64) } else { Unexpected::Float(number) };
        Err(E::invalid_type(found, &Self::EXPECTED))
    }

    /// From a list.
    fn from_list<A: SeqAccess<'de>>(_list: A) -> Result<Self, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Seq, &Self::EXPECTED))
    }

    /// From a map.
    fn from_map<A: MapAccess<'de>>(_map: A) -> Result<Self, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Map, &Self::EXPECTED))
    }
}

/// Reads a value in the way that its shape asks for.
pub(in crate::job) fn by_shape<'de, D: Deserializer<'de>, T: ByShape<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct ShapeVisitor<T>(PhantomData<T>);

    impl<'de, T: ByShape<'de>> Visitor<'de> for ShapeVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            T::from_text(text)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
            T::from_number(number)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
            T::from_number(number as f64)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
            T::from_number(number as f64)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
            T::from_list(list)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::from_map(map)
        }
    }

    deserializer.deserialize_any(ShapeVisitor(PhantomData))
}
