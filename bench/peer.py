"""pm4py (AGPL: a yardstick, never a dependency), given the same tasks: figures LOG, or fit LOG NET.

Prints one line of JSON. pm4py's default reader is what its manual shows: pm4py.read_xes."""

import json
import resource
import sys
import time

import pm4py


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def figures(path, result):
    begun, used = time.perf_counter(), cpu()
    log = pm4py.read_xes(path)
    result["import"] = time.perf_counter() - begun
    edges, _, _ = pm4py.discover_dfg(log)
    pm4py.discover_performance_dfg(log)
    variants = pm4py.get_variants(log)
    result["wall"] = time.perf_counter() - begun
    result["cpu"] = cpu() - used
    result.update(cases=int(log["case:concept:name"].nunique()), events=len(log), variants=len(variants), edges=len(edges))


def net_of(description):
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils import petri_utils

    net = PetriNet()
    places = [petri_utils.add_place(net, f"p{i}") for i in range(description["places"])]
    for number, each in enumerate(description["transitions"]):
        transition = petri_utils.add_transition(net, f"t{number}", each["label"])
        for place in each["inputs"]:
            petri_utils.add_arc_from_to(places[place], transition, net)
        for place in each["outputs"]:
            petri_utils.add_arc_from_to(transition, places[place], net)
    marking = lambda tokens: Marking({places[place]: tokens.count(place) for place in tokens})
    return net, marking(description["initial"]), marking(description["final"])


def fit(path, net, result):
    log = pm4py.read_xes(path)
    with open(net) as file:
        net, initial, final = net_of(json.load(file))
    begun, used = time.perf_counter(), cpu()
    aligned = pm4py.conformance_diagnostics_alignments(log, net, initial, final)
    result["wall"] = time.perf_counter() - begun
    result["cpu"] = cpu() - used
    # Its unit is ten thousand; silent steps cost one each.
    result["cost"] = sum(int(each["cost"]) // 10000 for each in aligned)
    result["failed"] = 0


def main():
    result = {}
    if sys.argv[1] == "figures":
        figures(sys.argv[2], result)
    else:
        fit(sys.argv[2], sys.argv[3], result)
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


main()
