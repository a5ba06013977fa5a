// Libraries that are opened when they are first needed: start-up pays nothing, and a node without one runs all the rest.
#pragma once
#include <dlfcn.h>
#include <stddef.h>

/// Where a function's pointer belongs, and its name in the library.
struct kst_function {
    void *pointer;
    const char *name;
};

/// Finds functions of an open library. Returns NULL, or what is missing, as dlerror(3) says.
static inline const char *kst_find(void *library, const struct kst_function *functions, size_t count) {
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function) return dlerror();
        *(void **)functions[i].pointer = function;
    }
    return NULL;
}

/// Opens a library by its file name, and finds functions of it. Returns NULL, or why there are none, as dlerror(3) says.
static inline const char *kst_open(const char *name, const struct kst_function *functions, size_t count) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    return library ? kst_find(library, functions, count) : dlerror();
}
