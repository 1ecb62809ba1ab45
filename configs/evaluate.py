"""Models scored on data sets: one's own, a folder of maps, or classical ones.
"""

import ml_collections

from configs import base


def get_config() -> ml_collections.ConfigDict:
  config = ml_collections.ConfigDict()

  config.eval = ml_collections.ConfigDict()
  # The models, with commas between: gbvs, itti, bms, centre (a Gaussian), the
  # --workdir of launch/train.py or launch/sweep.py, or a folder of saliency
  # maps. `name=FOLDER` says what to call it; else it has the folder's name.
  # Read, as the next two, by experiments/predictors.py.
  config.eval.models = 'gbvs,itti,bms,centre'
  # Members of sweeps, with commas between, e.g. 'depth_0,depth_3'; '' takes all
  # of every sweep.
  config.eval.members = ''
  # Images in a batch over all devices, for trained models.
  config.eval.batch_size = 8
  # The data sets, with commas between: groups of `sets`, below. Read by
  # experiments/scored_sets.py.
  config.eval.sets = 'osie'
  # Samples that the bootstrap draws for each confidence interval. Read,
  # as all below, by experiments/evaluation.py.
  config.eval.resamples = 1000
  # Whether to score people, too: each observer against the others.
  config.eval.ceiling = True
  # Images of every data set that the page shows with all maps (Figure 8).
  config.eval.examples = 4
  # Whether to keep what models predict, in maps/<model>/.
  config.eval.save_maps = False
  # An image that cannot be read: 'raise' ends the run, 'skip' goes on and lists
  # it in summary.json.
  config.eval.on_bad_image = 'raise'

  config.analysis = ml_collections.ConfigDict()
  # Fixations that count: 'distinct' pixels, as the paper and the MIT benchmark
  # do, or 'all', as pysaliency does.
  config.analysis.fixations = 'distinct'
  # How many of a trained network's best units make its inner saliency.
  config.analysis.top_units = 10

  config.network = ml_collections.ConfigDict()
  # Type of trained networks' arithmetic: float32 or bfloat16.
  config.network.dtype = 'float32'
  config.run = base.run_keys()

  # Data sets by names of their own; every flag of a group can be given, e.g.
  # --config.sets.mine.dir. Read by experiments/scored_sets.py.
  config.sets = ml_collections.ConfigDict()
  config.sets.osie = _photographs('osie')
  # '' fetches OSIE into the cache.
  config.sets.osie.dir = ''
  # The standard deviation in pixels of the human map: one degree of visual
  # angle, here 24.
  config.sets.osie.sigma = 24.
  # Photographs that this package trains on are to be left out where models are
  # scored that it has trained: 'all', 'train' or 'validation'.
  config.sets.osie.part = 'all'

  # One's own photographs.
  config.sets.mine = _photographs('table')

  # Search arrays.
  config.sets.popout = ml_collections.ConfigDict()
  config.sets.popout.kind = 'popout'
  # A folder with images/, targets/ and distractors/ (README); '' draws arrays.
  config.sets.popout.dir = ''
  # Arrays to draw, the seed that draws them, and their side in pixels.
  config.sets.popout.count = 80
  config.sets.popout.seed = 0
  config.sets.popout.size = 512
  return config


def _photographs(kind: str) -> ml_collections.ConfigDict:
  """Returns the keys of photographs with fixations."""
  group = ml_collections.ConfigDict()
  # A key of data/catalogue.py: osie, salicon, table, maps, mit1003,
  # pysaliency or built.
  group.kind = kind
  # The folder of the images; of pysaliency, the file of stimuli.
  group.dir = ''
  # The fixations, where the kind keeps them apart: a file or a folder.
  group.fixations = ''
  # A folder of labelled regions; '' takes none, or OSIE's in the package.
  group.regions = ''
  # See osie, below; 0 stands for not given.
  group.sigma = 0.
  group.part = 'all'
  # The coordinate of the top left pixel's centre in a table, 0 or 1.
  group.origin = 0
  # Whether fixations outside their image are left out and counted (osie, table,
  # pysaliency); otherwise they are an error.
  group.drop_outside = False
  return group
