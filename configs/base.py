"""Every key that several jobs share: its meaning, its unit, its reader.

Flags change single values: `--config.data.batch_size=16`.
"""

import ml_collections


def network_keys() -> ml_collections.ConfigDict:
  """Returns the keys of a network; read by training/trained_models.py."""
  network = ml_collections.ConfigDict()
  # A name that launch/networks.py lists, 'timm:NAME', or
  # 'package.module:function', a function of yours that returns a
  # `saliency_jax.Network`, or with 'torch:' in front a PyTorch module; see
  # docs/networks.md.
  network.name = 'vgg16'
  # Type of the network's arithmetic: float32, which no device rounds to less,
  # or bfloat16, which accelerators are faster at. Scores are float32.
  network.dtype = 'float32'
  # A name that is known for this network ('imagenet'), the path of a weight
  # file, or 'random'. A network of yours brings its own.
  network.weights = 'imagenet'
  # The family of preprocessing that a weight file expects: torchvision, timm,
  # augreg, clip, caffe, places365 or vgg_features; '' is that of the file's
  # layout, which a job says.
  network.preprocessing = ''
  # The --workdir of launch/train.py or launch/sweep.py: its trained model is
  # taken instead of `name` and `weights`; '' takes these.
  network.checkpoint = ''
  # Which member of a sweep, e.g. 'depth_3'; '' for the only one.
  network.member = ''
  # Side in pixels to which every image is resized; 0 takes the network's own,
  # which is 224 for those of ImageNet.
  network.image_size = 0
  # The map on which a saliency readout is trained, and whose units stand for
  # the network's inner saliency; '' takes the network's own, mostly the last.
  network.readout_tap = ''
  return network


def run_keys() -> ml_collections.ConfigDict:
  """Returns the keys of the machine that a job runs on."""
  run = ml_collections.ConfigDict()
  # Folder for fetched weights and data; '' is the user's cache. Read by
  # training/trained_models.py and data/.
  run.cache_dir = ''
  # Whether compiled programs are kept in its folder compiled/, at most 1 GB of
  # them, so that the next process does not compile them again. Read by cli.py.
  run.compilation_cache = True
  return run


def either(value) -> ml_collections.FieldReference:
  """Returns a value that may be replaced by one of another type, as 'all'."""
  return ml_collections.FieldReference(value, field_type=object)


def data_keys(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of one data set, which mean the same in every job.

  They are read by data/source.py; `kinds` in brackets need or take a key, and
  refuse it where they have no use for it.

  Args:
    kind: the default of `kind`.
  """
  data = ml_collections.ConfigDict()
  # The layout: osie, salicon, mit1003, table, maps, pysaliency, images (of
  # which no fixation is known) or popout (search arrays). A folder written by
  # launch/build_dataset.py is recognised whatever stands here.
  data.kind = kind
  # The folder of the images (pysaliency: the file of stimuli). '' fetches OSIE
  # into the cache (osie) or draws search arrays (popout).
  data.dir = ''
  # The fixations: a file (table, salicon, pysaliency) or a folder (salicon,
  # mit1003, maps). A table may cover more images than the folder.
  data.fixations = ''
  # A folder of labelled regions: labelme files or label images. '' takes none,
  # or the annotation in this package for OSIE's own photographs.
  data.regions = ''
  # 'all'; of OSIE's split 'train', 'validation' or 'test'; or the --workdir of
  # launch/train.py or launch/sweep.py: the images it was not trained on.
  data.part = 'all'
  # What a table calls its columns image, x, y, subject, t, duration and event,
  # where it is something else: 'image=stimulus,x=FPOGX' (table).
  data.columns = ''
  # The coordinate of the top left pixel's centre, 0 or 1 (table).
  data.origin = 0
  # Coordinates are multiplied by `scale`, 'S' or 'X,Y' or 'size' for shares of
  # the image's size, and `offset` is added, 'X,Y' in pixels or 'centre' for an
  # origin in the image's centre. As all that follows but `sigma`, for kinds
  # with coordinates.
  data.scale = ''
  data.offset = ''
  # The coordinates that stand for lost gaze and are left out: 'X,Y', or a value
  # of either; 'none' where all are fixations.
  data.missing = ''
  # Whether fixations outside their image are left out and counted; otherwise
  # they are an error. And the largest share that may be left out.
  data.drop_outside = False
  data.accept_outside = 0.1
  # Whether the maxima of a map are taken where it holds no isolated points but
  # what JPEG, resizing or smoothing has made of them (maps, salicon).
  data.maxima = False
  # The width in pixels of one degree of visual angle, the standard deviation of
  # the blurred fixations that models are scored against; 0 is not known.
  data.sigma = 0.0
  # Search arrays to draw, where `dir` is '' (popout; the paper took 80), the
  # seed that draws them, and their side in pixels.
  data.count = 80
  data.seed = 0
  data.size = 512
  return data


def reading_keys() -> ml_collections.ConfigDict:
  """Returns how images are read, of every job; see experiments/forward.py."""
  data = ml_collections.ConfigDict()
  # Images in a batch over all devices; rounded up to a multiple of them.
  data.batch_size = 8
  # An image that cannot be read: 'raise' ends the run, 'skip' goes on and lists
  # it in summary.json.
  data.on_bad_image = 'raise'
  return data


def analysis_keys() -> ml_collections.ConfigDict:
  """Returns the keys of every job that scores fixations."""
  analysis = ml_collections.ConfigDict()
  # Fixations that count: 'distinct' pixels, as the paper and the MIT benchmark
  # do, or 'all', as pysaliency does. Read by data/pixel_sets.py.
  analysis.fixations = 'distinct'
  return analysis


def base(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of every job that runs a network on a data set.

  Args:
    kind: of the data set; see `data_keys`.
  """
  config = ml_collections.ConfigDict()

  config.network = network_keys()
  config.run = run_keys()

  # The images, and how they are read. The keys below are read by experiments/
  # and training/.
  config.data = data_keys(kind)
  config.data.update(reading_keys())
  # Processes that decode images. With 0 it is threads of this process: two
  # beside a CPU, and beside a GPU as many as there are cores, which hand over
  # to as many processes where there are thousands of images.
  config.data.workers = 0
  return config


def measuring(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of every job that looks into a network; see `base`."""
  config = base(kind)
  # The taps to look into, in the order of the tables: names, aliases or regular
  # expressions of names ('layer[34]'); () takes the network's own choice, of
  # VGG-16 conv5_3 down to conv4_1. launch/networks.py lists them.
  config.network.taps = ()

  # The statistics of the tables. Read by experiments/.
  config.analysis = ml_collections.ConfigDict()
  # How many of the best units are averaged (the paper: 10).
  config.analysis.top_units = 10

  # What is kept for the page. Read by experiments/exported_maps.py.
  config.report = ml_collections.ConfigDict()
  # How many of the best units of every layer and column of the table are kept,
  # each on the images with its highest scores and as many with its lowest.
  config.report.units = 10
  config.report.examples = 4
  # Units that are kept on all images that the page shows: ('conv5_3:287',).
  config.report.also = ()
  # Keep all units on all these images too, in maps/all.h5: 3 MB an image before
  # it is compressed, for the six layers.
  config.report.all_units = False
  return config


def training() -> ml_collections.ConfigDict:
  """Returns the keys of every job that trains."""
  config = base()
  # The folder of the images to validate with, and their fixations where
  # `fixations` is not of them too. Read, as the next, by data/parts.py.
  config.data.val_dir = ''
  config.data.val_fixations = ''
  # The share of the images that validates, drawn with `seed`; 0 takes `val_dir`
  # or OSIE's split, 300 images to train, 100 to validate and 100 to test.
  config.data.val_fraction = 0.0
  # The share that is neither trained on nor validated with, drawn likewise, so
  # that it can be scored as unseen; 0 trains on it. With `val_dir` none is
  # drawn: the images to test are in a third folder.
  config.data.test_fraction = 0.2
  # Of the task 'scene': a CSV file of image_id and scene, '' for OSIE's own
  # labels, and the least number of images of a scene that is not left out.
  config.data.scenes = ''
  config.data.min_images = 15
  # Images in a step over all devices, as in the authors' PyTorch code.
  config.data.batch_size = 20
  # Seed of the order in which images come, and of all that is drawn of them.
  # Read by training/plan.py and data/parts.py.
  config.data.seed = 0
  # What frozen stages compute is kept on disk while a run lasts, so that every
  # epoch but the first skips them, where it takes at most this many GB; 0 keeps
  # nothing. For VGG-16 an image takes 0.4 MB at depths 0 to 3, 1.6 MB at 4 and
  # 5, 0.8 MB at 6. An accelerator holds that of the images to train on, and then
  # that of those to validate with, where it fills at most a quarter of what is
  # free of its memory, and 8 GB. Read, as the next one, by training/feed.py.
  config.data.features_limit = 4.0
  # A folder in which it is kept for later runs too; '' is one that the run
  # removes at its end.
  config.data.features_dir = ''

  # What is trained: 'saliency', a 1 x 1 readout with the loss -NSS, or 'scene',
  # dense layers that tell scenes, with weighted cross entropy (Section 8). Read
  # by training/tasks.py.
  config.task = ml_collections.ConfigDict()
  config.task.name = 'saliency'
  # Units of the dense layers below the last one, and the share of them that a
  # step drops. Read by training/scene_task.py.
  config.task.dense = (4096, 4096)
  config.task.dropout = 0.5
  # Whether the first two of them begin as VGG's own, fc6 and fc7, where the
  # file of `network.weights` has them; `dense` is then (4096, 4096). Read by
  # training/plan.py.
  config.task.pretrained_dense = False

  # The fixations that the saliency map is to find.
  config.analysis = analysis_keys()

  # How long, and what is kept. Read by training/plan.py.
  config.train = ml_collections.ConfigDict()
  # Times that every image is seen.
  config.train.epochs = 12
  # Steps between checkpoints, beside one at the end of every epoch; 0: no
  # others.
  config.train.checkpoint_every = 0

  # The direction of a step. Read by training/optimizer.py.
  config.optimizer = ml_collections.ConfigDict()
  # Adam's decay rates of the two moments, and what is added to the root.
  config.optimizer.b1 = 0.9
  config.optimizer.b2 = 0.999
  config.optimizer.eps = 1e-8
  # Largest norm of the gradient over all that is trained; 0 does not clip.
  config.optimizer.clip_norm = 1.0
  # Decoupled decay of kernels: the share that a step at rate 1 takes away.
  config.optimizer.weight_decay = 1e-4

  # The factor of all learning rates over the steps. Read by
  # training/optimizer.py.
  config.schedule = ml_collections.ConfigDict()
  # 'cosine', or 'staircase' with keys of its own, see train_authors.py.
  config.schedule.name = 'cosine'
  # Share of all steps in which the factor rises from 0 to 1.
  config.schedule.warmup = 0.05
  # The factor at the end.
  config.schedule.final = 0.0
  return config
