//! The classifiers by name.

use ndarray::{Array2, ArrayView2};

use super::boosting::Boosting;
use super::centroid::Centroids;
use super::dummy::Dummy;
use super::forest::{Forest, ForestKind};
use super::logistic::Logistic;
use super::naive_bayes::NaiveBayes;
use super::neighbours::Neighbours;
use super::support_vector::SupportVector;
use super::{ShallowError, Table};

/// A classifier without deep learning, with the settings that scikit-learn gives it by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Classifier {
    /// 100 bootstrapped trees, the square root of the features tried at every node (Breiman 2001).
    RandomForest,
    /// 100 trees on all rows with thresholds drawn at random (Geurts et al. 2006).
    ExtraTrees,
    /// 100 rounds of trees with 31 leaves on histograms, learning rate 0.1 (Friedman 2001).
    GradientBoosting,
    /// Votes of the five nearest rows in standardised features.
    NearestNeighbours,
    /// Multinomial, squared penalty with C = 1, standardised features.
    LogisticRegression,
    /// One class against the rest, squared hinge with C = 1, standardised features (Hsieh et al. 2008).
    LinearSupportVector,
    /// Independent normal distributions.
    GaussianNaiveBayes,
    /// The class whose mean is nearest in standardised features.
    NearestCentroid,
    /// One tree grown until its leaves are pure.
    DecisionTree,
    /// The most frequent class: what any other has to beat.
    Dummy,
}

/// A classifier that has learnt.
pub trait FittedClassifier: Send + Sync {
    /// Probability of every class, `[row, class]`, for features `[row, feature]`.
    fn probabilities(&self, features: ArrayView2<'_, f32>) -> Array2<f32>;
}

impl Classifier {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RandomForest,
        Self::ExtraTrees,
        Self::GradientBoosting,
        Self::NearestNeighbours,
        Self::LogisticRegression,
        Self::LinearSupportVector,
        Self::GaussianNaiveBayes,
        Self::NearestCentroid,
        Self::DecisionTree,
        Self::Dummy,
    ];

    /// Its name in tables and jobs.
    pub fn name(self) -> &'static str {
        match self {
            Self::RandomForest => "random_forest",
            Self::ExtraTrees => "extra_trees",
            Self::GradientBoosting => "gradient_boosting",
            Self::NearestNeighbours => "nearest_neighbours",
            Self::LogisticRegression => "logistic_regression",
            Self::LinearSupportVector => "linear_support_vector",
            Self::GaussianNaiveBayes => "gaussian_naive_bayes",
            Self::NearestCentroid => "nearest_centroid",
            Self::DecisionTree => "decision_tree",
            Self::Dummy => "dummy",
        }
    }

    /// Learns from `table`.
    ///
    /// # Errors
    /// When the logistic regression does not converge.
    pub fn fit(self, table: &Table, seed: u64) -> Result<Box<dyn FittedClassifier>, ShallowError> {
        Ok(match self {
            Self::RandomForest => Box::new(Forest::fit(table, ForestKind::Random, seed)),
            Self::ExtraTrees => Box::new(Forest::fit(table, ForestKind::Extra, seed)),
            Self::DecisionTree => Box::new(Forest::fit(table, ForestKind::OneTree, seed)),
            Self::GradientBoosting => Box::new(Boosting::fit(table)),
            Self::NearestNeighbours => Box::new(Neighbours::fit(table)),
            Self::LogisticRegression => Box::new(Logistic::fit(table)?),
            Self::LinearSupportVector => Box::new(SupportVector::fit(table, seed)),
            Self::GaussianNaiveBayes => Box::new(NaiveBayes::fit(table)),
            Self::NearestCentroid => Box::new(Centroids::fit(table)),
            Self::Dummy => Box::new(Dummy::fit(table)),
        })
    }
}

/// Probabilities in proportion to the exponentials of `scores`, row by row.
pub(super) fn softmax(mut scores: Array2<f32>) -> Array2<f32> {
    for mut row in scores.rows_mut() {
        let largest = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        row.mapv_inplace(|score| (score - largest).exp());
        let sum = row.sum();
        row /= sum;
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clouds in the plane, the third one a ring round the first, and a feature of noise.
    fn clouds(rows: usize, seed: u64) -> Table {
        use rand_distr::{Distribution, StandardNormal};
        let mut random = super::super::stream::stream(seed, 99);
        let mut normal = || -> f32 { StandardNormal.sample(&mut random) };
        let mut features = Array2::zeros((rows, 3));
        let mut classes = Vec::new();
        for (row, mut values) in features.rows_mut().into_iter().enumerate() {
            let class = row % 3;
            let (x, y) = (normal(), normal());
            let far = 5.0 / x.hypot(y).max(0.1);
            let place = match class {
                0 => [0.6 * x, 0.6 * y],
                1 => [0.6 * x + 3.0, 0.6 * y + 3.0],
                _ => [far * x + 0.3 * normal(), far * y + 0.3 * normal()],
            };
            values.assign(&ndarray::array![place[0], place[1], normal()]);
            classes.push(class as u8);
        }
        Table::new(features, classes, 3).unwrap()
    }

    fn accuracy(classifier: Classifier, train: &Table, test: &Table) -> f64 {
        let probabilities = classifier.fit(train, 1).unwrap().probabilities(test.features());
        for row in probabilities.rows() {
            assert!((row.sum() - 1.0).abs() < 1e-4 && row.iter().all(|p| (0.0..=1.0).contains(p)), "{classifier:?}");
        }
        let right = probabilities.rows().into_iter().zip(test.classes()).filter(|(row, class)| {
            let largest = (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a))).unwrap();
            largest == usize::from(**class)
        });
        right.count() as f64 / test.classes().len() as f64
    }

    #[test]
    fn each_learns_what_its_kind_can() {
        let (train, test) = (clouds(600, 1), clouds(300, 2));
        for classifier in Classifier::ALL {
            let score = accuracy(classifier, &train, &test);
            // A ring cannot be told by planes nor by a mean.
            let expected = match classifier {
                Classifier::Dummy => 0.30..0.37,
                Classifier::NearestCentroid => 0.5..0.9,
                Classifier::LogisticRegression | Classifier::LinearSupportVector => 0.45..0.9,
                _ => 0.93..1.01,
            };
            assert!(expected.contains(&score), "{classifier:?}: {score}");
        }
    }

    #[test]
    fn results_do_not_depend_on_threads_but_on_the_seed() {
        let (train, test) = (clouds(150, 3), clouds(60, 4));
        for classifier in Classifier::ALL {
            let on = |threads, seed| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| classifier.fit(&train, seed).unwrap().probabilities(test.features()))
            };
            assert_eq!(on(1, 1), on(3, 1), "{classifier:?}");
        }
        let forest = |seed| Classifier::RandomForest.fit(&train, seed).unwrap().probabilities(test.features());
        assert_ne!(forest(1), forest(2));
    }

    #[test]
    fn a_class_without_rows_is_never_predicted() {
        let three = clouds(90, 5);
        let table = Table::new(three.features().to_owned(), three.classes().to_vec(), 4).unwrap();
        for classifier in Classifier::ALL {
            let probabilities = classifier.fit(&table, 1).unwrap().probabilities(table.features());
            assert_eq!(probabilities.dim(), (90, 4));
            assert!(probabilities.column(3).iter().all(|&p| p < 0.01), "{classifier:?}");
        }
    }
}
