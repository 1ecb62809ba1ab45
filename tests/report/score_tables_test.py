"""The scores on the terminal."""

import json

import pytest

from saliency_jax.errors import InputError
from saliency_jax.report import score_tables

SCORES = '''model,dataset,metric,mean,low,high,images
gbvs,osie,nss,1.351234,1.300000,1.400000,500
gbvs,osie,auc_shuffled,0.669000,0.660000,0.678000,500
observers,osie,nss,,,,0
observers,osie,auc_shuffled,0.900000,,,1
gbvs,mine,nss,-0.500000,-0.600000,-0.400000,7
'''
SEARCH = '''model,dataset,kind,metric,mean,low,high,images
gbvs,popout,all,nmm,1.500000,1.250000,1.750000,80
gbvs,popout,colour,nmm,9.000000,8.000000,9.500000,5
'''


def test_means_stand_over_their_intervals(tmp_path):
  (tmp_path / 'scores.csv').write_text(SCORES)
  (tmp_path / 'search.csv').write_text(SEARCH)
  (tmp_path / 'summary.json').write_text(json.dumps({
      'warnings': ['osie: 3 images without a fixation are left out.']}))
  said = score_tables.text(tmp_path).split('\n\n')
  assert said[:2] == ['osie: 500 images', '''\
                    NSS          sAUC
gbvs              1.351         0.669
           1.300..1.400  0.660..0.678
observers             -         0.900''']
  assert said[2:4] == ['mine: 7 images', '''\
                 NSS
gbvs          -0.500
      -0.600..-0.400''']
  assert said[4].startswith('Means over images')
  assert said[5].startswith('observers: each against the others')
  assert said[6:8] == ['popout: 80 images', '''\
             NMM
gbvs        1.50
      1.25..1.75''']
  assert said[-1] == 'Note: osie: 3 images without a fixation are left out.'
  assert max(map(len, '\n'.join(said).splitlines())) <= 80


def test_a_run_that_did_not_end_is_refused(tmp_path):
  with pytest.raises(InputError, match=r'summary\.json cannot be read; run'):
    score_tables.text(tmp_path)
