package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelIdentity;
import java.nio.charset.StandardCharsets;

/**
 * What a release's signature is of. The first line keeps signatures of other things by the same key
 * from passing for one of a release; names, versions and digests hold no line feeds, so that two
 * releases never have the same text.
 */
final class ReleaseStatement {
  private ReleaseStatement() {}

  static byte[] of(ModelIdentity model, long bytes) {
    String text =
        "clipstream model release 1\n"
            + "name: "
            + model.getName()
            + "\n"
            + "version: "
            + model.getVersion()
            + "\n"
            + "sha256: "
            + model.getDigest()
            + "\n"
            + "bytes: "
            + bytes
            + "\n";
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
