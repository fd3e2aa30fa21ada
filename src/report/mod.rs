//! What people look at: history, metrics, figures and the HTML report.
