// libzstd, opened when a compressed file is first met.
#pragma once
#include "../loading.h"
#include <zstd.h>

/// The functions of libzstd 1.4 and later that kstate calls, by their names there.
struct kst_zstd {
    ZSTD_CCtx *(*createCCtx)(void);
    size_t (*CCtx_setParameter)(ZSTD_CCtx *, ZSTD_cParameter, int);
    size_t (*compressStream2)(ZSTD_CCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *, ZSTD_EndDirective);
    size_t (*freeCCtx)(ZSTD_CCtx *);
    ZSTD_DCtx *(*createDCtx)(void);
    size_t (*decompressStream)(ZSTD_DCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *);
    size_t (*freeDCtx)(ZSTD_DCtx *);
    unsigned (*isError)(size_t);
    const char *(*getErrorName)(size_t);
};

/// Opens libzstd. Returns NULL, or why there is none, as dlerror(3) says.
static inline const char *kst_zstd_open(struct kst_zstd *zstd) {
    const struct kst_function functions[] = {
        {&zstd->createCCtx, "ZSTD_createCCtx"},
        {&zstd->CCtx_setParameter, "ZSTD_CCtx_setParameter"},
        {&zstd->compressStream2, "ZSTD_compressStream2"},
        {&zstd->freeCCtx, "ZSTD_freeCCtx"},
        {&zstd->createDCtx, "ZSTD_createDCtx"},
        {&zstd->decompressStream, "ZSTD_decompressStream"},
        {&zstd->freeDCtx, "ZSTD_freeDCtx"},
        {&zstd->isError, "ZSTD_isError"},
        {&zstd->getErrorName, "ZSTD_getErrorName"},
    };
    return kst_open("libzstd.so.1", functions, sizeof functions / sizeof *functions);
}
