// libcurl, opened when a cluster is first asked.
#pragma once
#include "../loading.h"
#include <curl/curl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The functions of libcurl that kstate calls, by their names there.
struct kst_curl {
    void *library;
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    char *(*easy_escape)(CURL *, const char *, int);
    void (*free)(void *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
};

/// Opens libcurl, with OpenSSL or GnuTLS as the node has it. Returns NULL, or why there is none, as dlerror(3) says.
static inline const char *kst_curl_open(struct kst_curl *curl) {
    curl->library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!curl->library) {
        curl->library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
        if (!curl->library) return dlerror();
    }
    const struct kst_function functions[] = {
        {&curl->global_init, "curl_global_init"},   {&curl->easy_init, "curl_easy_init"},
        {&curl->easy_setopt, "curl_easy_setopt"},   {&curl->easy_perform, "curl_easy_perform"},
        {&curl->easy_getinfo, "curl_easy_getinfo"}, {&curl->easy_cleanup, "curl_easy_cleanup"},
        {&curl->easy_strerror, "curl_easy_strerror"}, {&curl->easy_escape, "curl_easy_escape"},
        {&curl->free, "curl_free"},                 {&curl->slist_append, "curl_slist_append"},
        {&curl->slist_free_all, "curl_slist_free_all"},
    };
    const char *problem = kst_find(curl->library, functions, sizeof functions / sizeof *functions);
    if (problem) return problem;
    // A process may end while requests are under way: OpenSSL must not take itself apart below them.
    int (*init_crypto)(uint64_t, const void *) = (int (*)(uint64_t, const void *))dlsym(curl->library, "OPENSSL_init_crypto");
    if (init_crypto) init_crypto(0x00080000u /* OPENSSL_INIT_NO_ATEXIT, OpenSSL 1.1.1 */, NULL);
    return curl->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL : "curl_global_init failed";
}

// curl_easy_setopt(3) and curl_easy_getinfo(3) are variadic, which Swift does not import: one function for each kind of value.

static inline CURLcode kst_curl_set_long(const struct kst_curl *curl, CURL *handle, CURLoption option, long value) {
    return curl->easy_setopt(handle, option, value);
}

static inline CURLcode kst_curl_set_pointer(const struct kst_curl *curl, CURL *handle, CURLoption option, const void *value) {
    return curl->easy_setopt(handle, option, value);
}

/// The function that gets the body, piece by piece, and its last argument.
static inline CURLcode kst_curl_set_writer(const struct kst_curl *curl, CURL *handle, curl_write_callback writer, void *context) {
    CURLcode code = curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, writer);
    return code != CURLE_OK ? code : curl->easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

/// The HTTP status of the answer, 0 before there is one.
static inline long kst_curl_status(const struct kst_curl *curl, CURL *handle) {
    long status = 0;
    return curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/// memfd_create(2): a file that has no place on a disk, for keys that libcurl wants to read from a path.
static inline int kst_anonymous_file(void) {
    return (int)syscall(SYS_memfd_create, "kstate", 1u /* MFD_CLOEXEC */);
}
