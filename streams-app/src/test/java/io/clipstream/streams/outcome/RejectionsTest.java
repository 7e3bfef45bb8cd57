package io.clipstream.streams.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RejectionsTest {
  private static final VideoReference REFERENCE =
      VideoReference.newBuilder().setId("v").setUri("file:///v.mp4").build();

  @ParameterizedTest
  @EnumSource
  void shouldKnowEveryReasonOfTheFetcher(FetchReason reason) {
    assertThat(Rejections.of(reason).name()).isEqualTo(reason.name());
  }

  @ParameterizedTest
  @EnumSource
  void shouldKnowEveryReasonOfTheDecoder(DecodeReason reason) {
    assertThat(Rejections.of(reason).name()).isEqualTo(reason.name());
  }

  @Test
  void shouldKeepDetailsToOneLine() {
    RejectedVideo video =
        Rejections.reject(REFERENCE, RejectionReason.CORRUPT, "a\n  b\t" + "c".repeat(1000), 0)
            .video();

    assertThat(video.getDetail()).startsWith("a b c").hasSize(Rejections.MAX_DETAIL).endsWith("…");
    assertThat(video.getAttempts()).isEqualTo(1);
    assertThat(video.getReference()).isEqualTo(REFERENCE);
  }

  @Test
  void shouldSpellOutWhatWouldChangeTheScreen() {
    String detail = "model 'a\u001b[2J\u2028b\u202e' is not served";

    assertThat(
            Rejections.reject(REFERENCE, RejectionReason.UNKNOWN_MODEL, detail, 1)
                .video()
                .getDetail())
        .isEqualTo("model 'a\\u001b[2J\\u2028b\\u202e' is not served");
  }
}
