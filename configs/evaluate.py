"""Models scored on data sets: your own, folders of maps, or classical ones."""

import ml_collections

from saliency_jax.configs import base


def get_config() -> ml_collections.ConfigDict:
  config = ml_collections.ConfigDict()

  config.eval = ml_collections.ConfigDict()
  # The models, separated by commas: gbvs, itti, bms, centre (a Gaussian), a
  # published one (docs/saliency_models.md), the --workdir of launch/train.py or
  # launch/sweep.py, or a folder of saliency maps. `name=FOLDER` gives it a
  # name; otherwise it has the folder's. Read, like the next key, by
  # experiments/predictors.py.
  config.eval.models = 'gbvs,itti,bms,centre'
  # Members of sweeps, separated by commas, e.g. 'depth_0,depth_3'; '' uses all
  # members of every sweep.
  config.eval.members = ''
  # The data sets, separated by commas: groups of `sets`, below. '' uses those
  # whose `dir` or `fixations` is given or, without any, OSIE. Read by
  # experiments/scored_sets.py.
  config.eval.sets = ''
  # Number of bootstrap samples for each confidence interval. Read, like all
  # that follow, by experiments/evaluation.py.
  config.eval.resamples = 1000
  # Whether to score people too: each observer against the others.
  config.eval.ceiling = True
  # A seed, 0 or more, to break ties of AUC-Judd at random, as in the MIT
  # benchmark's published values. -1 keeps ties, which count half.
  config.eval.auc_jitter = -1
  # Number of images of every data set that the page shows with all maps (Figure
  # 8).
  config.eval.examples = 4
  # Whether to save the models' maps, in maps/<model>/.
  config.eval.save_maps = False

  config.data = base.reading_keys()

  config.analysis = base.analysis_keys()
  # How many of a trained network's best units make up its inner saliency.
  config.analysis.top_units = 10
  # Where the cells of its units' maps lie on an image: 'grid' or
  # 'receptive_field', as in the job dissect.
  config.analysis.alignment = 'grid'

  config.network = ml_collections.ConfigDict()
  # Type of the arithmetic of trained networks: float32 or bfloat16.
  config.network.dtype = 'float32'
  config.run = base.run_keys()

  # Data sets under names of their own. Each has the keys of base.py, e.g.
  # --config.sets.mine.dir. Read by experiments/scored_sets.py.
  config.sets = ml_collections.ConfigDict()
  config.sets.osie = base.data_keys('osie')
  config.sets.osie.sigma = 24.0
  # Which photographs to score. If this package has trained a model on OSIE,
  # leave out those that it trained on or chose checkpoints with: 'test'.
  config.sets.osie.part = 'all'
  config.sets.mine = base.data_keys('table')
  config.sets.popout = base.data_keys('popout')
  return config
