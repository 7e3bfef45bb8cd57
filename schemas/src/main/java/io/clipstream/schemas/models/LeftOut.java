package io.clipstream.schemas.models;

import org.slf4j.Logger;

/**
 * Logs the records of topics that are left out since they cannot be read or make no sense, a line
 * each. A topic full of them fills no log: from {@value #TOLD} on they are told at DEBUG alone. One
 * thread.
 */
public final class LeftOut {
  static final int TOLD = 10;

  private final Logger log;
  private int records;

  public LeftOut(Logger log) {
    this.log = log;
  }

  /**
   * One more.
   *
   * @param place such as {@code at offset 7 of models.releases-0}
   * @param reason one line
   */
  public void add(String place, String reason) {
    records++;
    if (records > TOLD) {
      log.debug("Record {} is left out: {}", place, reason);
      return;
    }
    log.warn("Record {} is left out: {}", place, reason);
    if (records == TOLD) {
      log.warn("More records that are left out are logged at DEBUG");
    }
  }
}
