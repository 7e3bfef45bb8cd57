package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceSplitTest {
  private static final SourceSplit FIFTH = new SourceSplit(Map.of("validation", 0.2), "train", 1);

  @TempDir Path folder;
  private final List<ClipList.Entry> entries = new ArrayList<>();

  private void add(String name, String label, String source, String content) throws Exception {
    Path file = Files.writeString(folder.resolve(name), content);
    entries.add(new ClipList.Entry(file, label, ClipList.NO_SPLIT, source, 0));
  }

  private Map<String, String> split(SourceSplit split) throws Exception {
    ClipList list = new ClipList(folder, entries);
    ContentDigests digests =
        ContentDigests.of(entries, folder.resolve("digests.tsv"), 2, Progress.silent());
    return split.of(list, digests).entries().stream()
        .collect(Collectors.toMap(e -> e.path().getFileName().toString(), ClipList.Entry::split));
  }

  @Test
  void shouldHoldOutTheShareOfEachLabel() throws Exception {
    for (int i = 0; i < 50; i++) {
      add("c" + i, "cat", "c" + i, "c" + i);
    }
    for (int i = 0; i < 10; i++) {
      add("d" + i, "dog", "d" + i, "d" + i);
    }

    Map<String, String> split = split(FIFTH);

    assertThat(held(split, "c")).hasSize(10);
    assertThat(held(split, "d")).hasSize(2);
  }

  private static Set<String> held(Map<String, String> split, String prefix) {
    Set<String> held = new HashSet<>(split.keySet());
    held.removeIf(name -> !name.startsWith(prefix) || !split.get(name).equals("validation"));
    return held;
  }

  @Test
  void shouldNotLetASourceOrAContentCross() throws Exception {
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      String label = random.nextBoolean() ? "cat" : "dog";
      add("v" + i, label, "s" + random.nextInt(60), "content " + random.nextInt(150));
    }

    Map<String, String> split = split(FIFTH);

    Map<String, String> bySource = new HashMap<>();
    Map<String, String> byContent = new HashMap<>();
    for (ClipList.Entry entry : entries) {
      String own = split.get(entry.path().getFileName().toString());
      assertThat(bySource.computeIfAbsent(entry.source(), s -> own)).isEqualTo(own);
      assertThat(byContent.computeIfAbsent(Files.readString(entry.path()), s -> own))
          .isEqualTo(own);
    }
    assertThat(split.values()).contains("train", "validation");
  }

  @Test
  void shouldNotDependOnTheOrder() throws Exception {
    for (int i = 0; i < 40; i++) {
      add("v" + i, i % 3 == 0 ? "cat" : "dog", "s" + i / 2, "content " + i);
    }
    Map<String, String> split = split(FIFTH);

    Collections.shuffle(entries, new Random(1));

    assertThat(split(FIFTH)).isEqualTo(split);
    assertThat(split(new SourceSplit(Map.of("validation", 0.2), "train", 2))).isNotEqualTo(split);
  }

  @Test
  void shouldKeepMostOfTheSplitWhenVideosAreAdded() throws Exception {
    for (int i = 0; i < 40; i++) {
      add("v" + i, "cat", "s" + i, "content " + i);
    }
    Map<String, String> before = split(FIFTH);
    for (int i = 40; i < 44; i++) {
      add("v" + i, "cat", "s" + i, "content " + i);
    }
    Map<String, String> after = split(FIFTH);

    assertThat(before.entrySet().stream().filter(e -> !after.get(e.getKey()).equals(e.getValue())))
        .hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void shouldAskForMoreSources() throws Exception {
    add("a", "cat", "one", "1");
    add("b", "cat", "one", "2");
    add("c", "dog", "two", "3");
    add("d", "dog", "three", "4");

    assertThatThrownBy(() -> split(FIFTH))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "label cat has 1 source (a), expected at least 2, one for each split; add videos of"
                + " it");
  }
}
