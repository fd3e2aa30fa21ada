//! Which optimiser, and what each of its updates is told.

/// Which optimiser, with its constants. The learning rate comes with every [`Update`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptimizerOptions {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the gradient is looked ahead along the momentum.
        nesterov: bool,
        /// What the momentum carries on.
        momentum_of: MomentumOf,
        /// This share of every weight is added to its gradient.
        weight_decay: f64,
    },
    /// Kingma and Ba (2014), as PyTorch has it.
    Adam {
        /// Shares of the running mean and of the running square that are kept.
        betas: [f64; 2],
        /// Added to the root of the running square.
        epsilon: f64,
        /// Share of every weight that is added to its gradient or, if `decoupled`, taken off the weight.
        weight_decay: f64,
        /// Whether weights decay at the learning rate beside the gradient (Loshchilov and Hutter 2017, AdamW).
        decoupled: bool,
    },
    /// Tieleman and Hinton (2012), as PyTorch has it.
    RmsProp {
        /// Share of the running square that is kept; PyTorch's alpha, Keras' rho.
        smoothing: f64,
        /// Added to the root of the running square.
        epsilon: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the square is taken about the running mean.
        centered: bool,
        /// This share of every weight is added to its gradient.
        weight_decay: f64,
    },
}

/// What momentum carries on. Both are the same while the learning rate stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MomentumOf {
    /// Steps, each with the learning rate of its time (Keras).
    #[default]
    Steps,
    /// Gradients, all with the present learning rate (PyTorch).
    Gradients,
}

impl OptimizerOptions {
    /// Adam with the published constants 0.9, 0.999 and 1e-8.
    pub const ADAM: Self = Self::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0, decoupled: false };
}

/// One update of a learner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// Steps of the run before this one; fixes dropout.
    pub step: u64,
    /// Updates that the optimiser has made before.
    pub updates: u64,
    /// Step size.
    pub learning_rate: f64,
    /// In the place of the optimiser's momentum, or of Adam's first beta, where given.
    pub momentum: Option<f64>,
}
