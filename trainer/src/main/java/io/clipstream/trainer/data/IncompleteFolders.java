package io.clipstream.trainer.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Looks into the folders of frames that a list names, each once, for frames that are not there. */
final class IncompleteFolders {
  private final Map<Path, FrameFolder> folders = new HashMap<>();
  private final List<String> lines = new ArrayList<>();

  /** Looks into an entry's folder, if it is one. */
  void look(ClipList.Entry entry) throws IOException {
    if (entry.series().isEmpty() || (entry.frames().isEmpty() && entry.range().isPresent())) {
      return;
    }
    FrameFolder folder = folders.get(entry.path());
    if (folder == null) {
      folder = FrameFolder.list(entry.path(), entry.series().get());
      folders.put(entry.path(), folder);
    }
    folder
        .missing(entry.frames())
        .ifPresent(what -> lines.add(entry.path() + entry.part() + ": " + what));
  }

  /** One for each entry that lacks some. */
  List<String> lines() {
    return lines;
  }
}
