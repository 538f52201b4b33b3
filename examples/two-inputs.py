"""scikit-learn on the data and the split of two-inputs.ts: one model for each output."""

import csv
import sys

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rows = [row for row in csv.DictReader(open(sys.argv[1])) if row["body_mass_g"] not in ("", "NaN")]
numbers = [[float(row[k]) for k in ("culmen_length_mm", "culmen_depth_mm", "flipper_length_mm")] for row in rows]
islands = [[row["island"] == name for name in ("Biscoe", "Dream", "Torgersen")] for row in rows]
x = np.hstack([np.array(numbers), np.array(islands, float)])
species = np.array([row["species"] for row in rows])
mass = np.array([float(row["body_mass_g"]) / 1000 for row in rows])
test = np.arange(len(rows)) % 4 == 0

for name, classifier, regressor in (
    ("linear", LogisticRegression(max_iter=1000), LinearRegression()),
    (
        "MLP",
        MLPClassifier((16,), activation="tanh", max_iter=3000, random_state=1),
        MLPRegressor((16,), activation="tanh", max_iter=3000, random_state=1),
    ),
):
    c = make_pipeline(StandardScaler(), classifier).fit(x[~test], species[~test])
    r = make_pipeline(StandardScaler(), regressor).fit(x[~test], mass[~test])
    print(
        name,
        accuracy_score(species[test], c.predict(x[test])),
        mean_absolute_error(mass[test], r.predict(x[test])),
    )
