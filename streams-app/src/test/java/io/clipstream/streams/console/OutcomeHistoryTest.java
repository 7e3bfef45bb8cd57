package io.clipstream.streams.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.VideoLabels;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Outcomes that somebody wrote who wants the console to break. */
class OutcomeHistoryTest {
  private final OutcomeHistory history = new OutcomeHistory();

  /** Escapes of such a mark are six times as long, and their backslashes are escaped once more. */
  @ParameterizedTest
  @ValueSource(strings = {"\u202e", "\u4e00", "\ud83d\ude00", "\\"})
  void shouldTellAPageLittleHoweverLongTheTextsAre(String character) {
    for (int i = 0; i < 300; i++) {
      add(withLongTexts(character.repeat(10_000)));
    }

    int bytes = Json.bytes(history.last(60)).length + Json.bytes(history.takeNew()).length;
    assertThat(bytes).isLessThan(6 << 20);
  }

  @Test
  void shouldKeepLittleHoweverLargeTheRecordsAre() throws IOException {
    VideoLabels large =
        VideoLabels.newBuilder(SyntheticLabels.of("large", "m", "a"))
            .setMetadata(
                IntStream.range(0, 20_000)
                    .boxed()
                    .collect(Collectors.toMap(i -> "key-" + i, i -> "value")))
            .build();
    int bytes = VideoLabels.getEncoder().encode(large).remaining();
    for (int i = 0; i < 300; i++) {
      history.add(
          new SeenOutcome("place-" + i, "k", large, bytes, OutcomePage.of("place-" + i, large)),
          true);
    }

    long kept = IntStream.range(0, 300).filter(i -> history.find("place-" + i).isPresent()).count();
    assertThat(kept * bytes).isLessThanOrEqualTo(4 << 20);
    assertThat(history.find("place-299")).isPresent();
    assertThat(history.counts()).containsEntry("labelled", 300L);
  }

  @Test
  void shouldKeepTheNewestHoweverLargeItIs() {
    VideoLabels labels = SyntheticLabels.of("a", "m", "a");

    history.add(new SeenOutcome("old", "k", labels, 9 << 20, Map.of()), true);
    history.add(new SeenOutcome("new", "k", labels, 9 << 20, Map.of()), true);

    assertThat(history.find("old")).isEmpty();
    assertThat(history.find("new")).isPresent();
  }

  /** A console that starts reads one partition after the other. */
  @Test
  void shouldTellTheNewestWhateverCameLast() {
    VideoLabels newest = SyntheticLabels.of("newest", "m", "a");
    VideoLabels older =
        VideoLabels.newBuilder(newest)
            .setLabelledAt(newest.getLabelledAt().minusSeconds(60))
            .build();
    history.add(new SeenOutcome("newest", "k", newest, 1000, "newest"), false);
    for (int i = 0; i < 100; i++) {
      history.add(new SeenOutcome("older-" + i, "k", older, 1000, "older-" + i), false);
    }

    assertThat(history.last(60)).hasSize(60).startsWith("newest");
    assertThat(history.takeNew()).isEmpty();
  }

  private void add(VideoLabels labels) {
    String place = "place-" + history.counts().get("labelled");
    history.add(new SeenOutcome(place, "k", labels, 1000, OutcomePage.of(place, labels)), true);
  }

  private static VideoLabels withLongTexts(String text) {
    List<LabelledSegment> segments =
        IntStream.range(0, 64)
            .mapToObj(
                i -> new LabelledSegment(i * 60L, i * 60L + 60, List.of(new Label(0, text, 1f))))
            .toList();
    return VideoLabels.newBuilder(SyntheticLabels.of(text, text, text))
        .setLabels(IntStream.range(0, 5).mapToObj(i -> new Label(i, text, 0.2f)).toList())
        .setSegments(segments)
        .setMetadata(
            IntStream.range(0, 8).boxed().collect(Collectors.toMap(i -> i + text, i -> text)))
        .build();
  }
}
