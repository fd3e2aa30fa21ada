//! The command line: one file per subcommand. The only room that prints, draws progress and picks exit codes.
