package io.clipstream.schemas.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReleaseRulesTest {
  private static final String DIGEST = "0f".repeat(32);

  @Test
  void shouldTakeReleasesThatMakeSense() {
    assertThat(fault(release("m", "1", DIGEST, 25, chunks(0, 7, 9, 10, 3)))).isEmpty();
    assertThat(fault(release("m", "1", DIGEST, 30, chunks(0, 7, 99, 10, 3)))).isEmpty();
    assertThat(fault(atUri("https://example.org/m.pt"))).isEmpty();
  }

  @Test
  void shouldNameWhatMakesNoSense() {
    assertThat(fault(release("../m", "1", DIGEST, 25, chunks(0, 7, 9, 10, 3)))).contains("../m");
    assertThat(fault(release("m", "", DIGEST, 25, chunks(0, 7, 9, 10, 3)))).contains("version ''");
    assertThat(fault(release("m", "1", "AB", 25, chunks(0, 7, 9, 10, 3)))).contains("digest");
    assertThat(fault(release("m", "1", DIGEST, 0, chunks(0, 7, 9, 10, 3)))).contains("0 bytes");
    assertThat(fault(release("m", "1", DIGEST, 31, chunks(0, 7, 9, 10, 3)))).contains("3 chunks");
    assertThat(fault(release("m", "1", DIGEST, 20, chunks(0, 7, 9, 10, 3)))).contains("3 chunks");
    assertThat(fault(release("m", "1", DIGEST, 25, chunks(0, 7, 8, 10, 3)))).contains("7 to 8");
    assertThat(fault(release("m", "1", DIGEST, 25, chunks(0, -1, 9, 10, 3)))).contains("-1 to 9");
    assertThat(fault(release("m", "1", DIGEST, 25, chunks(-1, 7, 9, 10, 3)))).contains("-1");
    assertThat(fault(release("m", "1", DIGEST, 25, chunks(0, 7, 9, 0, 3)))).contains("0 bytes");
    assertThat(fault(release("m", "1", DIGEST, 1, chunks(0, 7, 7, Integer.MAX_VALUE, 1))))
        .contains("67108864");
    assertThat(fault(atUri(null))).contains("neither");
    assertThat(
            ReleaseRules.fault("m/2", release("m", "1", DIGEST, 25, chunks(0, 7, 9, 10, 3)))
                .orElseThrow())
        .contains("'m/2', expected m/1");
  }

  @Test
  void shouldRefuseNamesThatReadersWouldLeaveOut() {
    for (String name : List.of("", "A", "a/b", "a b", "-a", "é")) {
      assertThatThrownBy(
              () -> new ModelDescription("m", name, "{}", Optional.empty(), Instant.EPOCH))
          .isInstanceOf(ModelLogException.class)
          .hasMessageContaining("'" + name + "'");
    }
  }

  @Test
  void shouldRefuseTopicsOfOneName() {
    assertThatThrownBy(() -> new ModelTopics("a", "b", "a", "d"))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("[a, b, a, d]");
  }

  private static String fault(ModelRelease release) {
    return ReleaseRules.fault(ModelNames.releaseKey(release.getModel()), release).orElse("");
  }

  private static ModelChunks chunks(int partition, long first, long last, int bytes, int count) {
    return new ModelChunks(partition, first, last, bytes, List.of(1, 2, 3).subList(0, count));
  }

  private static ModelRelease release(
      String name, String version, String digest, long bytes, ModelChunks chunks) {
    return ModelRelease.newBuilder()
        .setModel(new ModelIdentity(name, version, digest))
        .setBytes(bytes)
        .setChunks(chunks)
        .setManifest("{}")
        .setPublishedAt(Instant.EPOCH)
        .build();
  }

  private static ModelRelease atUri(String uri) {
    return ModelRelease.newBuilder(release("m", "1", DIGEST, 25, null)).setUri(uri).build();
  }
}
