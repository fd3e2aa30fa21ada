//! What stands in the file beside the values: axes, map positions, live traces, classes and provenance.
//!
//! Names follow OpendTect's ODBind and segysak (`iline`, `xline`, `twt`), MDIO (`trace_mask`) and the CF conventions 1.8.

use hdf5::{Dataset, File, H5Type};
use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::export::{CubeDescription, Provenance};
use crate::grid::{ClassTable, Geometry, NO_CLASS};

use super::attributes::{class_values, flags, number, numbers, text, texts};
use super::filters::DEFLATE_LEVEL;
use super::scales::{attach_scales, make_scale};

/// Number of this layout; another one is written when names or meanings change.
const SCHEMA_VERSION: i32 = 1;

/// The dimension scales of a file.
pub(super) struct Scales {
    vertical_name: &'static str,
    iline: Dataset,
    xline: Dataset,
    vertical: Dataset,
    class_id: Dataset,
}

impl Scales {
    /// Writes the axes of `cube`.
    pub(super) fn create(file: &File, cube: &CubeDescription) -> hdf5::Result<Self> {
        let Geometry { inline, crossline, vertical, .. } = &cube.geometry;
        let vertical_name = vertical.domain.axis_name();

        let iline = scale(file, "iline", &inline.numbers().collect::<Vec<i32>>())?;
        text(&iline, "long_name", "inline number")?;
        text(&iline, "units", "1")?;
        text(&iline, "axis", "Y")?;
        let xline = scale(file, "xline", &crossline.numbers().collect::<Vec<i32>>())?;
        text(&xline, "long_name", "crossline number")?;
        text(&xline, "units", "1")?;
        text(&xline, "axis", "X")?;
        let positions: Vec<f32> = (0..vertical.count).map(|index| vertical.position(index) as f32).collect();
        let vertical_scale = scale(file, vertical_name, &positions)?;
        text(&vertical_scale, "long_name", vertical.domain.title())?;
        text(&vertical_scale, "units", vertical.domain.unit())?;
        text(&vertical_scale, "axis", "Z")?;
        text(&vertical_scale, "positive", "down")?;
        let class_id = scale(file, "class_id", &class_values(&cube.classes))?;
        text(&class_id, "long_name", "facies class")?;
        flags(&class_id, &cube.classes)?;
        Ok(Self { vertical_name, iline, xline, vertical: vertical_scale, class_id })
    }

    /// Names the dimensions of a dataset `[inline, crossline]`, `[.., sample]` or `[.., sample, class]`.
    pub(super) fn attach(&self, dataset: &Dataset) -> hdf5::Result<()> {
        let scales = [
            ("iline", &self.iline),
            ("xline", &self.xline),
            (self.vertical_name, &self.vertical),
            ("class_id", &self.class_id),
        ];
        attach_scales(dataset, &scales[..dataset.ndim().min(scales.len())])
    }
}

/// Writes `cdp_x` and `cdp_y` `[inline, crossline]`: the exact positions given, or those of the survey's grid.
///
/// Returns whether the survey has positions at all.
pub(super) fn write_positions(
    file: &File,
    scales: &Scales,
    geometry: &Geometry,
    exact: Option<&[Array2<f64>; 2]>,
    unit: &str,
) -> hdf5::Result<bool> {
    let shape = (geometry.inline.count, geometry.crossline.count);
    let names = [("cdp_x", "projection_x_coordinate", "easting"), ("cdp_y", "projection_y_coordinate", "northing")];
    for (axis, (name, standard_name, long_name)) in names.into_iter().enumerate() {
        let positions = match (exact, &geometry.xy_from_grid) {
            (Some(exact), _) => exact[axis].clone(),
            (None, Some(affine)) => Array2::from_shape_fn(shape, |(i, j)| affine.xy(i, j)[axis]),
            (None, None) => return Ok(false),
        };
        let dataset = map(file, name, positions.view())?;
        scales.attach(&dataset)?;
        text(&dataset, "long_name", long_name)?;
        text(&dataset, "standard_name", standard_name)?;
        text(&dataset, "units", unit)?;
    }
    Ok(true)
}

/// Writes `trace_mask` `[inline, crossline]`: 1 where the survey has a live trace.
pub(super) fn write_trace_mask(file: &File, scales: &Scales, live_traces: ArrayView2<'_, bool>) -> hdf5::Result<()> {
    let dataset = map(file, "trace_mask", live_traces.mapv(u8::from).view())?;
    scales.attach(&dataset)?;
    text(&dataset, "long_name", "live traces")?;
    numbers(&dataset, "flag_values", &[0u8, 1])?;
    text(&dataset, "flag_meanings", "dead live")
}

/// Describes the class cube. It gets no `_FillValue`: xarray would turn the codes into floats.
pub(super) fn describe_facies(dataset: &Dataset, classes: &ClassTable) -> hdf5::Result<()> {
    text(dataset, "long_name", "facies class")?;
    flags(dataset, classes)?;
    number(dataset, "undefined_class", NO_CLASS)?;
    texts(dataset, "class_names", classes.iter().map(|class| class.name.as_str()))?;
    let colors: Vec<String> = classes.iter().map(|class| class.color.to_string()).collect();
    text(dataset, "class_colors", &colors.join(" "))
}

/// Describes a cube of probabilities.
pub(super) fn describe_probability(dataset: &Dataset, long_name: &str) -> hdf5::Result<()> {
    text(dataset, "long_name", long_name)?;
    text(dataset, "units", "1")
}

/// Writes the attributes of the root group.
pub(super) fn write_provenance(file: &File, provenance: &Provenance) -> hdf5::Result<()> {
    text(file, "Conventions", "CF-1.8")?;
    number(file, "schema_version", SCHEMA_VERSION)?;
    let texts = [
        ("title", Some(&provenance.title)),
        ("history", Some(&provenance.history)),
        ("software", Some(&provenance.software)),
        ("source_file", Some(&provenance.source_file)),
        ("source_sha256", provenance.source_sha256.as_ref()),
        ("model_id", provenance.model_id.as_ref()),
        ("model_sha256", provenance.model_sha256.as_ref()),
        ("crs", provenance.crs.as_ref()),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            text(file, name, value)?;
        }
    }
    if let Some(headers) = &provenance.source_headers {
        let numbers = [
            ("iline_byte", Some(headers.inline_byte)),
            ("xline_byte", Some(headers.crossline_byte)),
            ("x_byte", headers.x_byte),
            ("y_byte", headers.y_byte),
            ("sample_format", Some(headers.sample_format)),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                number(file, name, i32::from(value))?;
            }
        }
        text(file, "text_header", &headers.text)?;
    }
    Ok(())
}

/// A one-dimensional dataset that is a dimension scale.
fn scale<T: H5Type>(file: &File, name: &str, values: &[T]) -> hdf5::Result<Dataset> {
    let builder = file.new_dataset_builder().obj_track_times(false).with_data(ArrayView1::from(values));
    let dataset = builder.create(name)?;
    make_scale(&dataset, name)?;
    Ok(dataset)
}

/// A compressed dataset `[inline, crossline]`, small enough to be one chunk on most surveys.
fn map<T: H5Type>(file: &File, name: &str, values: ArrayView2<'_, T>) -> hdf5::Result<Dataset> {
    let (inlines, crosslines) = values.dim();
    let builder = file.new_dataset_builder().obj_track_times(false);
    builder
        .chunk([inlines.clamp(1, 512), crosslines.clamp(1, 512)])
        .shuffle()
        .deflate(DEFLATE_LEVEL)
        .with_data(values)
        .create(name)
}
