"""csdid and differences, given the cases of one step and the roll-out: CASES TEAMS HORIZON-DAYS, WHICH.

Both estimate Callaway and Sant'Anna's group-time effects on team x week cells and their simple average, with analytic
errors. Prints one line of JSON; "judging" is that alone, without reading the file and without making the cells."""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import pandas as pd


def cells_of(cases, teams, horizon):
    cases = pd.read_csv(cases, parse_dates=["enter_step", "leave_step"])
    teams = pd.read_csv(teams)
    first = cases.enter_step.min().normalize()
    monday = first - pd.Timedelta(days=first.weekday())
    cases["week"] = (cases.enter_step - monday) // pd.Timedelta(days=7) + 1
    cases["y"] = ((cases.leave_step - cases.enter_step) / pd.Timedelta(days=1)).clip(upper=horizon)
    mature = cases[cases.week <= cases.week.max() - horizon / 7]
    cells = mature.groupby(["team", "week"], as_index=False).y.mean()
    cells["g"] = cells.team.map(teams.set_index("team").rollout_week) + 1
    cells["id"] = cells.team.astype("category").cat.codes + 1
    return cells


def csdid(cells):
    from csdid.att_gt import ATTgt

    cells["g"] = cells.g.fillna(0)
    begun = time.perf_counter()
    fitted = ATTgt(yname="y", tname="week", idname="id", gname="g", data=cells, control_group=["notyettreated"], panel=True)
    whole = fitted.fit(est_method="reg", bstrap=False).aggte(typec="simple", bstrap=False, cband=False).atte
    return time.perf_counter() - begun, float(whole["overall_att"]), float(whole["overall_se"])


def differences(cells):
    from differences import ATTgt

    cells = cells.rename(columns={"g": "cohort"}).set_index(["id", "week"])[["cohort", "y"]]
    begun = time.perf_counter()
    fitted = ATTgt(data=cells, cohort_column="cohort")
    fitted.fit("y", control_group="not_yet_treated", est_method="reg", progress_bar=False)
    whole = fitted.aggregate("simple").iloc[0]
    return time.perf_counter() - begun, float(whole.iloc[0]), float(whole.iloc[1])


begun = time.perf_counter()
cells = cells_of(sys.argv[1], sys.argv[2], float(sys.argv[3]))
reading = time.perf_counter() - begun
judging, estimate, error = {"csdid": csdid, "differences": differences}[sys.argv[4]](cells)
print(json.dumps({"cells": len(cells), "reading": reading, "judging": judging, "estimate": estimate, "error": error}))
