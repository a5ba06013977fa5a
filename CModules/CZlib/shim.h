// zlib, opened when a compressed text is first met.
#pragma once
#include "../loading.h"
#include <zlib.h>

/// The functions of zlib 1.2 and later that kstate calls, by their names there.
struct kst_zlib {
    int (*inflateInit2_)(z_streamp, int, const char *, int);
    int (*inflate)(z_streamp, int);
    int (*inflateReset)(z_streamp);
    int (*inflateEnd)(z_streamp);
};

/// Opens zlib. Returns NULL, or why there is none, as dlerror(3) says.
static inline const char *kst_zlib_open(struct kst_zlib *zlib) {
    const struct kst_function functions[] = {
        {&zlib->inflateInit2_, "inflateInit2_"},
        {&zlib->inflate, "inflate"},
        {&zlib->inflateReset, "inflateReset"},
        {&zlib->inflateEnd, "inflateEnd"},
    };
    return kst_open("libz.so.1", functions, sizeof functions / sizeof *functions);
}

/// inflateInit2(), a macro, for a stream of gzip's format alone.
static inline int kst_inflate_begin(const struct kst_zlib *zlib, z_streamp stream) {
    return zlib->inflateInit2_(stream, 16 + MAX_WBITS, ZLIB_VERSION, (int)sizeof *stream);
}
