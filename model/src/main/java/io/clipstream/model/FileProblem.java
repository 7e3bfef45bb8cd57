package io.clipstream.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** What Java's exceptions of files mean: many of them have a path as their whole message. */
public final class FileProblem {
  private FileProblem() {}

  /** What is wrong with the file, without its name; another exception's message as it is. */
  public static String of(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "this user may not read or write it: change its rights or name another place";
    }
    if (e instanceof NotDirectoryException) {
      return "it is no folder, expected one";
    }
    if (e instanceof FileAlreadyExistsException) {
      return Files.isRegularFile(Path.of(((FileAlreadyExistsException) e).getFile()))
          ? "a file is there already: name another place"
          : "it exists already";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the folder is not empty";
    }
    if (e instanceof FileSystemLoopException) {
      return "its links lead in a circle";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return told(system.getReason());
    }
    if (e instanceof FileSystemException) {
      return "it cannot be used (" + e.getClass().getSimpleName() + ")";
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : told(e.getMessage());
  }

  /**
   * Why nothing is found at a path: {@link Files#exists} says no also of what lies in a folder that
   * this user may not look into.
   */
  public static String missing(Path path) {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      return Files.isSymbolicLink(path) ? "its link leads to no file" : "no such file";
    } catch (IOException e) {
      return of(e);
    }
    return "it was not there just now";
  }

  /** What the operating system calls it, and what the user can do. */
  private static String told(String reason) {
    return switch (reason) {
      case "Is a directory" -> "it is a folder, expected a file";
      case "Not a directory" -> "a part of its path is a file, expected folders";
      case "No space left on device" -> "its disk is full: make room or name another place";
      case "Disk quota exceeded" -> "this user's share of the disk is used up: make room";
      case "Read-only file system" -> "its disk may only be read: name another place";
      case "Operation not permitted", "Permission denied" ->
          "this user may not do that there (" + reason + "): change its rights";
      case "Input/output error" -> "its disk failed (" + reason + "): look at the system's log";
      case "Too many open files" -> "too many files are open: raise the limit (ulimit -n)";
      case "Too many levels of symbolic links",
          "Too many levels of symbolic links or unable to access attributes of symbolic link" ->
          "its links lead in a circle";
      case "File name too long" -> "its name is too long for its disk";
      default -> reason;
    };
  }

  /** One line that begins with the file, where the exception knows it. */
  public static String line(IOException e) {
    boolean named = e instanceof FileSystemException system && system.getFile() != null;
    return named ? ((FileSystemException) e).getFile() + ": " + of(e) : of(e);
  }
}
