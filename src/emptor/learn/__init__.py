"""What all trained methods share: the training loop, model folders, calibration, and fair comparison.

    seeds      every random draw from one seed, nothing global touched
    fit        one loop for every network; stops early, survives a kill
    folder     a trained network on the disk, read without running code
    calibrate  logits to probabilities that mean what they say
    compare    is the difference real, over seeds and over users
    reproduce  models x seeds -> report.json, report.md, report.svg

Import from the modules: this package itself loads neither torch nor scipy. It knows no method and no shop.
"""
