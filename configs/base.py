"""The keys that several jobs share: meaning, unit and reader of each.

Flags set single values: `--config.data.batch_size=16`.
"""

import ml_collections


def network_keys() -> ml_collections.ConfigDict:
  """Returns the keys of a network; read by training/trained_models.py."""
  network = ml_collections.ConfigDict()
  # A name that launch/networks.py lists, 'timm:NAME', or
  # 'package.module:function', a function of yours that returns a
  # `saliency_jax.Network`. With 'torch:' in front the function returns a
  # PyTorch module; see docs/networks.md.
  network.name = 'vgg16'
  # Type of the network's arithmetic: float32, in full precision on every
  # device, or bfloat16, which is faster on accelerators. Scores are float32.
  network.dtype = 'float32'
  # A known name of weights for this network ('imagenet'), the path of a weight
  # file, or 'random'. A network of yours has its own weights.
  network.weights = 'imagenet'
  # The preprocessing that a weight file expects: torchvision, timm, augreg,
  # clip, caffe, places365 or vgg_features. '' infers it from the file's layout,
  # and the job reports it.
  network.preprocessing = ''
  # The --workdir of launch/train.py or launch/sweep.py, whose trained model
  # replaces `name` and `weights`; '' uses these.
  network.checkpoint = ''
  # The member of a sweep, e.g. 'depth_3'; '' if there is only one.
  network.member = ''
  # Side in pixels to which every image is resized; 0 uses the network's own,
  # which is 224 for ImageNet networks.
  network.image_size = 0
  # The tap on which a saliency readout is trained, and whose units give the
  # network's inner saliency. '' uses the network's own, usually the last.
  network.readout_tap = ''
  return network


def run_keys() -> ml_collections.ConfigDict:
  """Returns the keys of the machine that a job runs on."""
  run = ml_collections.ConfigDict()
  # Folder for fetched weights and data; '' is the user's cache. Read by
  # training/trained_models.py and data/.
  run.cache_dir = ''
  # Whether to keep compiled programs in the cache's folder compiled/ (1 GB at
  # most), so that the next process need not compile them again. Read by cli.py.
  run.compilation_cache = True
  return run


def either(value) -> ml_collections.FieldReference:
  """Returns a value that may be replaced by one of another type, such as 'all'."""
  return ml_collections.FieldReference(value, field_type=object)


def data_keys(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of one data set, which mean the same in every job.

  They are read by data/source.py. The kinds in brackets take a key; other kinds
  refuse it.

  Args:
    kind: the default of `kind`.
  """
  data = ml_collections.ConfigDict()
  # The layout: osie, salicon, mit1003, table, maps, pysaliency, images (without
  # fixations) or popout (search arrays). A folder written by
  # launch/build_dataset.py is recognised whatever is set here.
  data.kind = kind
  # The folder of images (pysaliency: the file of stimuli). '' fetches OSIE into
  # the cache (osie) or draws search arrays (popout).
  data.dir = ''
  # The fixations: a file (table, salicon, pysaliency) or a folder (salicon,
  # mit1003, maps). A table may cover more images than the folder holds.
  data.fixations = ''
  # A folder of labelled regions: labelme files or label images. '' uses no
  # regions or, for OSIE's own photographs, the annotation in this package.
  data.regions = ''
  # Which images to use: 'all'; 'train', 'validation' or 'test' of OSIE's split;
  # or the --workdir of launch/train.py or launch/sweep.py, for the images that
  # it was not trained on.
  data.part = 'all'
  # What a table calls the columns image, x, y, subject, t, duration and event,
  # if it has other names: 'image=stimulus,x=FPOGX' (table).
  data.columns = ''
  # The coordinate of the centre of the top left pixel, 0 or 1 (table).
  data.origin = 0
  # Coordinates are multiplied by `scale`: 'S', 'X,Y', or 'size' for fractions
  # of the image's size. Then `offset` is added: 'X,Y' in pixels, or 'centre'
  # for an origin in the image's centre. These keys and those below, except
  # `sigma`, are for kinds with coordinates.
  data.scale = ''
  data.offset = ''
  # The coordinates that mark lost gaze and are left out: 'X,Y', or one value
  # for either coordinate; 'none' states that all rows are fixations.
  data.missing = ''
  # Whether fixations outside their image are left out and counted; otherwise
  # they are an error. `accept_outside` is the largest fraction that may be left
  # out.
  data.drop_outside = False
  data.accept_outside = 0.1
  # Whether to take the maxima of a fixation map that has no isolated points,
  # only what JPEG, resizing or smoothing made of them (maps, salicon).
  data.maxima = False
  # The width in pixels of one degree of visual angle, used as the standard
  # deviation of the blurred fixations that models are scored against; 0 means
  # not known.
  data.sigma = 0.0
  # How many search arrays to draw if `dir` is '' (popout; the paper has 80),
  # the seed that draws them, and their side in pixels.
  data.count = 80
  data.seed = 0
  data.size = 512
  return data


def reading_keys() -> ml_collections.ConfigDict:
  """Returns the keys of how every job reads images; see experiments/forward.py."""
  data = ml_collections.ConfigDict()
  # Images in a batch over all devices, rounded up to a multiple of their
  # number.
  data.batch_size = 8
  # What to do with an image that cannot be read: 'raise' ends the run; 'skip'
  # goes on and lists the image in summary.json.
  data.on_bad_image = 'raise'
  return data


def analysis_keys() -> ml_collections.ConfigDict:
  """Returns the keys of every job that scores fixations."""
  analysis = ml_collections.ConfigDict()
  # Which fixations count: 'distinct' fixated pixels, as in the paper and the
  # MIT benchmark, or 'all' fixations, as in pysaliency. Read by
  # data/pixel_sets.py.
  analysis.fixations = 'distinct'
  return analysis


def base(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of every job that runs a network on a data set.

  Args:
    kind: the kind of data set; see `data_keys`.
  """
  config = ml_collections.ConfigDict()

  config.network = network_keys()
  config.run = run_keys()

  # The images and how they are read. The keys below are read by experiments/
  # and training/.
  config.data = data_keys(kind)
  config.data.update(reading_keys())
  # Processes that decode images. With 0, threads of this process do: two with a
  # CPU, one per core with a GPU. With a GPU and thousands of images they hand
  # over to as many processes.
  config.data.workers = 0
  return config


def measuring(kind: str = 'osie') -> ml_collections.ConfigDict:
  """Returns the keys of every job that dissects a network; see `base`."""
  config = base(kind)
  # The taps to dissect, in the order of the tables: names, aliases or regular
  # expressions of names ('layer[34]'). () uses the network's own choice; for
  # VGG-16 conv5_3 down to conv4_1. launch/networks.py lists them.
  config.network.taps = ()

  # The statistics of the tables. Read by experiments/.
  config.analysis = ml_collections.ConfigDict()
  # How many of the best units are averaged (the paper: 10).
  config.analysis.top_units = 10
  # Where the cells of a map lie on an image: on a 'grid' that tiles it, as in
  # the paper and in a bilinear resize, or at the centres of their
  # 'receptive_field', where networks state them (see docs/method.md).
  config.analysis.alignment = 'grid'

  # What is saved for the pages. Read by experiments/exported_maps.py.
  config.report = ml_collections.ConfigDict()
  # How many of the best units to save for every layer and column of the table,
  # and on how many images with each unit's highest scores, and as many with its
  # lowest.
  config.report.units = 10
  config.report.examples = 4
  # Units to save on all images that the page shows: ('conv5_3:287',).
  config.report.also = ()
  # Whether to save all units on all these images too, in maps/all.h5: for the
  # six layers 3 MB per image before compression.
  config.report.all_units = False
  return config


def training() -> ml_collections.ConfigDict:
  """Returns the keys of every job that trains."""
  config = base()
  # The folder of images to validate with, and their fixations if `fixations`
  # does not cover them. Read, like the next key, by data/parts.py.
  config.data.val_dir = ''
  config.data.val_fixations = ''
  # The fraction of images for validation, drawn with `seed`. 0 uses `val_dir`
  # or OSIE's split: 300 images to train, 100 to validate and 100 to test.
  config.data.val_fraction = 0.0
  # The fraction used neither to train nor to validate, drawn likewise, so that
  # it can be scored as unseen; 0 trains on these images. With `val_dir` none is
  # drawn: keep the test images in a third folder.
  config.data.test_fraction = 0.2
  # For the task 'scene': a CSV file of image_id and scene, '' for OSIE's own
  # labels; and the smallest number of images of a scene that is kept.
  config.data.scenes = ''
  config.data.min_images = 15
  # Images per step over all devices, as in the authors' PyTorch code.
  config.data.batch_size = 20
  # Seed of the order of images and of everything that is drawn at random from
  # them. Read by training/plan.py and data/parts.py.
  config.data.seed = 0
  # The outputs of frozen stages are kept on disk during a run if they take at
  # most this many GB, so that every epoch but the first skips these stages; 0
  # keeps nothing. For VGG-16 an image takes 0.4 MB at depths 0 to 3, 1.6 MB at
  # 4 and 5, 0.8 MB at 6. An accelerator also keeps them in its memory, first
  # those of the training images and then those of the validation images, if
  # they fill at most a quarter of its free memory, and 8 GB. Read, like the
  # next key, by training/feed.py.
  config.data.features_limit = 4.0
  # A folder in which these outputs are kept for later runs too; '' is one that
  # the run removes when it ends.
  config.data.features_dir = ''

  # What is trained: 'saliency', a 1 x 1 readout with the loss -NSS, or 'scene',
  # dense layers that classify scenes, with weighted cross entropy (Section 8).
  # Read by training/tasks.py.
  config.task = ml_collections.ConfigDict()
  config.task.name = 'saliency'
  # Units of the dense layers below the last one, and their dropout rate. Read
  # by training/scene_task.py.
  config.task.dense = (4096, 4096)
  config.task.dropout = 0.5
  # Whether the first two of them start as VGG's own, fc6 and fc7, where the
  # file of `network.weights` has them; `dense` is then (4096, 4096). Read by
  # training/plan.py.
  config.task.pretrained_dense = False

  # The fixations that the saliency map should predict.
  config.analysis = analysis_keys()

  # How long to train, and what to save. Read by training/plan.py.
  config.train = ml_collections.ConfigDict()
  # Number of passes over all images.
  config.train.epochs = 12
  # Steps between checkpoints, besides the one at the end of every epoch; 0: no
  # others.
  config.train.checkpoint_every = 0

  # The optimizer, Adam. Read by training/optimizer.py.
  config.optimizer = ml_collections.ConfigDict()
  # Decay rates of the two moments, and what is added to the root.
  config.optimizer.b1 = 0.9
  config.optimizer.b2 = 0.999
  config.optimizer.eps = 1e-8
  # Largest norm of the gradient over all trained parameters; 0 does not clip.
  config.optimizer.clip_norm = 1.0
  # Decoupled weight decay of kernels: the fraction that a step at learning rate
  # 1 removes. Kernels are parameters of that name; in networks outside the zoo
  # also all others with two axes or more.
  config.optimizer.weight_decay = 1e-4

  # The factor of all learning rates over the steps. Read by
  # training/optimizer.py.
  config.schedule = ml_collections.ConfigDict()
  # 'cosine', or 'staircase' with keys of its own; see train_authors.py.
  config.schedule.name = 'cosine'
  # Fraction of all steps in which the factor rises from 0 to 1.
  config.schedule.warmup = 0.05
  # The factor at the end.
  config.schedule.final = 0.0
  return config
