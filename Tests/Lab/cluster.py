"""Prints a cluster as `kubectl get services,endpointslices,pods,nodes -A -o json` does. Of five words is a service: NAME ADDRESS
PROTOCOL PORT TARGET; of four a ready pod: NAME ADDRESS NODE SERVICE, with - for a pod without one."""

import json
import sys

services = [words for words in map(str.split, sys.argv[1:]) if len(words) == 5]
pods = [words for words in map(str.split, sys.argv[1:]) if len(words) == 4]
items = []
for name, address, protocol, port, target in services:
    items.append({
        "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "lab", "name": name},
        "spec": {"clusterIP": address, "clusterIPs": [address], "selector": {"app": name}, "type": "ClusterIP",
                 "ports": [{"port": int(port), "protocol": protocol.upper(), "targetPort": int(target)}]}})
    items.append({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"namespace": "lab", "name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"port": int(target), "protocol": protocol.upper(), "name": ""}],
        "endpoints": [
            {"addresses": [pod[1]], "nodeName": pod[2], "conditions": {"ready": True, "serving": True, "terminating": False},
             "targetRef": {"kind": "Pod", "namespace": "lab", "name": pod[0]}} for pod in pods if pod[3] == name]})
for name, address, node, _ in pods:
    items.append({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "lab", "name": name}, "spec": {"nodeName": node},
        "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [{"type": "Ready", "status": "True"}]}})
for index, node in enumerate(sorted({pod[2] for pod in pods})):
    items.append({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": node},
        "status": {"addresses": [{"type": "InternalIP", "address": f"10.0.9.{index + 1}"}]}})
print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
