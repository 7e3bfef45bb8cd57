package io.clipstream.model.fetch;

/** Why a file could not be fetched. The names are those of the reject topic's reasons. */
public enum FetchReason {
  /** Not an address this fetcher understands: no scheme, another scheme, malformed. */
  UNSUPPORTED_URI,
  /** A file outside the configured roots, or something that is not a regular file. */
  FORBIDDEN_PATH,
  /** A host, port, address or redirect that the {@link AddressRules} refuse. */
  FORBIDDEN_ADDRESS,
  /** No such file, or HTTP 404 or 410. */
  NOT_FOUND,
  /** No permission to read the file, or HTTP 401, 403 or 407. */
  ACCESS_DENIED,
  /** Everything else that went wrong on the way, after the retries it was worth. */
  FETCH_FAILED,
  /** The total time was up, or the other side stayed silent for too long. */
  FETCH_TIMEOUT,
  /** More redirects than allowed, loops included. */
  TOO_MANY_REDIRECTS,
  /** More bytes than allowed. */
  FILE_TOO_LARGE,
  /** The bytes do not have the SHA-256 that the reference promised. */
  DIGEST_MISMATCH
}
