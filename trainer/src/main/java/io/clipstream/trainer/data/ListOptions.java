package io.clipstream.trainer.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a folder or a list of videos is read.
 *
 * @param source pattern of names in a {@link ClipFolder}, whose first group is the source
 * @param prefix folder that a list's paths are relative to; empty: its own
 * @param names of labels, for lists that have indices instead
 * @param series how folders of frames are taken
 */
public record ListOptions(
    Optional<Pattern> source, Optional<Path> prefix, List<String> names, FrameSeries series) {
  public static final ListOptions NONE =
      new ListOptions(Optional.empty(), Optional.empty(), List.of(), FrameSeries.USUAL);

  /**
   * Reads the names of labels.
   *
   * @param names file with the name of a label on each line, with or without its index; or empty
   */
  public static ListOptions of(
      Optional<Pattern> source, Optional<Path> prefix, Optional<Path> names, FrameSeries series)
      throws IOException {
    return new ListOptions(
        source, prefix, names.isPresent() ? ForeignList.names(names.get()) : List.of(), series);
  }

  /**
   * Reads a folder of folders, or a list.
   *
   * @throws io.clipstream.model.UserError if it is neither, naming file and line
   */
  public ClipList open(Path folderOrList) throws IOException {
    return Files.isDirectory(folderOrList)
        ? ClipFolder.read(folderOrList, source.orElse(null))
        : ListReader.read(folderOrList, this);
  }
}
