package io.clipstream.trainer.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Which entries of a list are folders of frames that lack some. */
final class IncompleteFolders {
  private IncompleteFolders() {}

  /**
   * Looks into each folder once, however many parts of it a list names, and forgets it: one may
   * have a million pictures, and a list as many folders.
   *
   * @return a line for each entry that lacks some, in the order of the list
   */
  static List<String> lines(List<ClipList.Entry> entries) throws IOException {
    Map<Path, List<Integer>> parts = new LinkedHashMap<>();
    for (int i = 0; i < entries.size(); i++) {
      if (isCounted(entries.get(i))) {
        parts.computeIfAbsent(entries.get(i).path(), path -> new ArrayList<>()).add(i);
      }
    }
    String[] lines = new String[entries.size()];
    for (Map.Entry<Path, List<Integer>> part : parts.entrySet()) {
      FrameSeries series = entries.get(part.getValue().get(0)).series().orElseThrow();
      FrameFolder folder = FrameFolder.list(part.getKey(), series);
      for (int i : part.getValue()) {
        ClipList.Entry entry = entries.get(i);
        folder
            .missing(entry.frames())
            .ifPresent(what -> lines[i] = entry.path() + entry.part() + ": " + what);
      }
    }
    return Arrays.stream(lines).filter(Objects::nonNull).toList();
  }

  /** Of a part in seconds it is not known which frames it should have. */
  private static boolean isCounted(ClipList.Entry entry) {
    return entry.series().isPresent() && (entry.frames().isPresent() || entry.range().isEmpty());
  }
}
