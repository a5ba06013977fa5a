// libyaml, for the usual kubeconfig. The archive is linked, not the shared object: a node need not have it.
#pragma once
#include <yaml.h>
