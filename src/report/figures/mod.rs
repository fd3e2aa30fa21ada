//! Pictures as PNG files, with fonts that the program carries: equal input gives equal bytes on every machine.

mod augmentation;
mod axis;
mod baseline;
mod canvas;
mod classified_picture;
mod colormap;
mod confusion;
mod grid_figure;
mod interface;
mod layout;
mod legend;
mod reliability;
mod resample;
mod section;
mod shade;
mod tiles;
mod time_slice;
mod training_curves;
mod typeface;

pub use augmentation::{AugmentationExamples, AugmentationFigure};
pub use baseline::BaselineFigure;
pub use classified_picture::ClassifiedPictureFigure;
pub use colormap::AmplitudeColors;
pub use confusion::ConfusionFigure;
pub use interface::Figure;
pub use reliability::ReliabilityFigure;
pub use section::SectionFigure;
pub use shade::Shade;
pub use tiles::{Tile, TileContent, TilesFigure};
pub use time_slice::TimeSliceFigure;
pub use training_curves::TrainingCurves;
