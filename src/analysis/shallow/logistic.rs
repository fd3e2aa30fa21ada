//! Multinomial logistic regression.

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

use super::classifier::softmax;
use super::standard::Standard;
use super::{FittedClassifier, ShallowError, Table};

/// Inverse strength of the penalty, as scikit-learn counts it.
const C: f64 = 1.0;
/// Steps of the solver, at most.
const ITERATIONS: u64 = 300;
/// Past steps from which the solver guesses the curvature.
const MEMORY: usize = 10;

/// Weights `[class, feature + 1]`, the constants last.
pub(super) struct Logistic {
    standard: Standard,
    weights: Array2<f32>,
    seen: Vec<bool>,
}

impl Logistic {
    pub(super) fn fit(table: &Table) -> Result<Self, ShallowError> {
        let standard = Standard::of(table.features());
        let features = standard.apply(table.features()).mapv(f64::from);
        let shape = (table.class_count(), features.ncols() + 1);
        let start = vec![0.0; shape.0 * shape.1];
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY);
        let failed = |error: Error| ShallowError::Solver { reason: error.to_string() };
        let solver = solver.with_tolerance_grad(1e-5).map_err(failed)?.with_tolerance_cost(1e-9).map_err(failed)?;
        let problem = Problem { features, classes: table.classes(), shape };
        let solved = Executor::new(problem, solver).configure(|state| state.param(start).max_iters(ITERATIONS)).run();
        let best = solved
            .map_err(failed)?
            .state
            .best_param
            .ok_or_else(|| ShallowError::Solver { reason: "no step lowered the loss".into() })?;
        let weights = best.iter().map(|&weight| weight as f32).collect();
        let weights = Array2::from_shape_vec(shape, weights).expect("as many weights as the solver began with");
        Ok(Self { standard, weights, seen: table.counts().into_iter().map(|count| count > 0).collect() })
    }
}

impl FittedClassifier for Logistic {
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32> {
        let features = self.standard.apply(features);
        let last = self.weights.ncols() - 1;
        let mut scores = features.dot(&self.weights.slice(s![.., ..last]).t()) + self.weights.column(last);
        for (mut column, &seen) in scores.columns_mut().into_iter().zip(&self.seen) {
            if !seen {
                column.fill(f32::NEG_INFINITY);
            }
        }
        softmax(scores)
    }
}

/// Mean cross entropy and the penalty.
struct Problem<'a> {
    features: Array2<f64>,
    classes: &'a [u8],
    shape: (usize, usize),
}

impl Problem<'_> {
    /// Weights `[class, feature]` and constants.
    fn parts<'p>(&self, parameters: &'p [f64]) -> (ArrayView2<'p, f64>, ArrayView1<'p, f64>) {
        let all = ArrayView2::from_shape(self.shape, parameters).expect("the solver keeps the number of weights");
        let (weights, constants) = all.split_at(Axis(1), self.shape.1 - 1);
        (weights, constants.index_axis_move(Axis(1), 0))
    }

    /// Loss and, per row, the probabilities.
    fn forward(&self, parameters: &[f64]) -> (f64, Array2<f64>) {
        let (weights, constants) = self.parts(parameters);
        let mut scores = self.features.dot(&weights.t()) + constants;
        let mut loss = 0.0;
        for (mut row, &class) in scores.rows_mut().into_iter().zip(self.classes) {
            let largest = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let own = row[usize::from(class)] - largest;
            row.mapv_inplace(|score| (score - largest).exp());
            let sum = row.sum();
            row /= sum;
            loss += sum.ln() - own;
        }
        let rows = self.classes.len() as f64;
        (loss / rows + weights.iter().map(|w| w * w).sum::<f64>() / (2.0 * C * rows), scores)
    }
}

impl CostFunction for Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.forward(parameters).0)
    }
}

impl Gradient for Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let (_, mut error) = self.forward(parameters);
        for (mut row, &class) in error.rows_mut().into_iter().zip(self.classes) {
            row[usize::from(class)] -= 1.0;
        }
        let rows = self.classes.len() as f64;
        let (weights, _) = self.parts(parameters);
        let mut gradient = Array2::zeros(self.shape);
        let last = self.shape.1 - 1;
        gradient.slice_mut(s![.., ..last]).assign(&((error.t().dot(&self.features) + &weights / C) / rows));
        let constants: Array1<f64> = error.sum_axis(Axis(0)) / rows;
        gradient.column_mut(last).assign(&constants);
        Ok(gradient.into_raw_vec_and_offset().0)
    }
}
