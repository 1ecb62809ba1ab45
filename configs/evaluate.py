"""Models scored on data sets: one's own, a folder of maps, or classical ones."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = ml_collections.ConfigDict()

  config.eval = ml_collections.ConfigDict()
  # The models, with commas between: gbvs, itti, bms, centre (a Gaussian), a
  # published one (docs/saliency_models.md), the --workdir of launch/train.py
  # or launch/sweep.py, or a folder of saliency maps. `name=FOLDER` says what to
  # call it; else it has the folder's name.
  # Read, as the next one, by experiments/predictors.py.
  config.eval.models = 'gbvs,itti,bms,centre'
  # Members of sweeps, with commas between, e.g. 'depth_0,depth_3'; '' takes all
  # of every sweep.
  config.eval.members = ''
  # The data sets, with commas between: groups of `sets`, below. '' takes those
  # whose `dir` or `fixations` is given, or else OSIE. Read by
  # experiments/scored_sets.py.
  config.eval.sets = ''
  # Samples that the bootstrap draws for each confidence interval. Read, as all
  # below, by experiments/evaluation.py.
  config.eval.resamples = 1000
  # Whether to score people, too: each observer against the others.
  config.eval.ceiling = True
  # A seed, 0 or more, that breaks ties of AUC-Judd at random, as the MIT
  # benchmark's published values have them; -1 leaves ties, which count half.
  config.eval.auc_jitter = -1
  # Images of every data set that the page shows with all maps (Figure 8).
  config.eval.examples = 4
  # Whether to keep what models predict, in maps/<model>/.
  config.eval.save_maps = False

  config.data = base.reading_keys()

  config.analysis = base.analysis_keys()
  # How many of a trained network's best units make its inner saliency.
  config.analysis.top_units = 10

  config.network = ml_collections.ConfigDict()
  # Type of trained networks' arithmetic: float32 or bfloat16.
  config.network.dtype = 'float32'
  config.run = base.run_keys()

  # Data sets by names of their own; each has the keys of base.py, e.g.
  # --config.sets.mine.dir. Read by experiments/scored_sets.py.
  config.sets = ml_collections.ConfigDict()
  config.sets.osie = base.data_keys('osie')
  config.sets.osie.sigma = 24.0
  # Photographs that this package trains on, or chooses checkpoints with, are to
  # be left out where models are scored that it has trained: 'test'.
  config.sets.osie.part = 'all'
  config.sets.mine = base.data_keys('table')
  config.sets.popout = base.data_keys('popout')
  return config
