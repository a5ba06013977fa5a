internal import CCurl

/// libcurl's many reasons, as far as they lead to different remedies.
enum CurlFailure {
    case timeout, certificate, connection, other

    init(_ code: UInt32) {
        switch CURLcode(rawValue: code) {
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CONNECT_ERROR,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER:
            self = .certificate
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_URL_MALFORMAT: self = .connection
        default: self = .other
        }
    }
}
