"""Helpers of the course *Reading Faces*: small modules, each with one job.

``ops`` (NumPy reference of every formula), ``views`` (inputs of the three-view ensemble),
``architectures`` and ``training`` (Keras), ``evaluation``, ``results``, ``logbook`` (the
learner's own results table), ``plotting`` and ``exercises``. Import the modules, not their
contents::

    from fer_helpers import ops, plotting
"""
