//! Jobs: the YAML schema, the options it resolves to, and the use cases that wire the rooms together.
