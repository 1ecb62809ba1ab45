"""All fine-tuning depths from one start: He et al. 2019, Sections 5.2 and 7.

After training, every member is dissected on the labelled regions (Table 3) and
on the search arrays (Table 6).
"""

import ml_collections

from saliency_jax.configs import base, osie, popout


def get_config() -> ml_collections.ConfigDict:
  config = base.training()
  # Every combination of these values is a member. Read by training/members.py;
  # see train.py.
  config.sweep = ml_collections.ConfigDict()
  # Numbers of stages trained, from the top, and 'all'. () uses the paper's, 0
  # to 6 and 'all', as far as the network has them.
  config.sweep.depths = ()
  # Learning rates of the trunk and of the head (None uses the task's own), and
  # seeds of the head's initial values.
  config.sweep.trunk_rates = (1e-4,)
  config.sweep.readout_rates = (None,)
  config.sweep.seeds = (0,)
  # How members of the same depth are computed: 'shared' one after another,
  # 'vmap' stacked; '' stacks them only with `shard_members`. The results are
  # equal. Read, like the next key, by training/members.py.
  config.sweep.mode = ''
  # Whether to distribute stacked members over the devices. The devices are
  # divided into as many groups as divide both their number and the number of
  # members of every depth that has several. Otherwise every member is on all
  # devices.
  config.sweep.shard_members = False

  # What every member is scored on once all are trained: 'regions', 'popout',
  # both or neither. Read, like all that follow, by experiments/depth.py.
  config.measured = ('regions', 'popout')
  # As in osie.py and popout.py. `regions.data.dir` = '' uses OSIE from where
  # the training has it. Single members get no pages.
  config.regions = nested(osie.get_config())
  config.popout = nested(popout.get_config())
  # Units to show before and after fine-tuning (Figures 5 and 6), e.g.
  # ('conv5_3:287',), the paper's 288th, or ('best:text',), the unit that
  # responds most to a category; () chooses those that change most.
  config.before_after = ml_collections.ConfigDict()
  config.before_after.units = ()
  # The photographs and search arrays to show them on, by their file names
  # without the ending; () chooses those on which the change is clearest.
  config.before_after.images = ()
  # How many units and images are chosen.
  config.before_after.count = 4
  return config


def nested(job: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
  """Returns a job's config without the keys that the sweep sets for every member."""
  taps = job.network.taps
  del job.network, job.run
  job.network = ml_collections.ConfigDict({'taps': taps})
  job.report.images = 0
  return job
