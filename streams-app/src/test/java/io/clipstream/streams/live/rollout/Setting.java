package io.clipstream.streams.live.rollout;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * How much of everything happens in a {@link RolloutModel}.
 *
 * @param orders what people ask for, one after the other, at any moment
 * @param downloads whether preparing takes time; else it is done at once
 * @param lag how many records of {@code models.status} that it would notice an instance that runs
 *     may have unread; what leads further is not looked at
 * @param crashes how often a process may die, and another start in its place if it likes
 * @param failures how many steps may fail
 * @param alarms how many alarms a version that serves may raise
 * @param freezes how often a process may stand still
 * @param cuts how often one may lose its connection
 * @param fault how the protocol is broken; null: not at all
 */
record Setting(
    int instances,
    int maxUnavailable,
    List<UnaryOperator<Wanted>> orders,
    boolean downloads,
    int lag,
    int crashes,
    int failures,
    int alarms,
    int freezes,
    int cuts,
    RolloutModel.Fault fault) {

  /** Nothing goes wrong, downloads take no time, and everybody reads as slowly as he likes. */
  static Setting of(int instances, List<UnaryOperator<Wanted>> orders) {
    return new Setting(instances, 1, orders, false, Integer.MAX_VALUE, 0, 0, 0, 0, 0, null);
  }

  Setting atATime(int newMaxUnavailable) {
    return new Setting(
        instances,
        newMaxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        failures,
        alarms,
        freezes,
        cuts,
        fault);
  }

  Setting downloading() {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        true,
        lag,
        crashes,
        failures,
        alarms,
        freezes,
        cuts,
        fault);
  }

  Setting lag(int newLag) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        newLag,
        crashes,
        failures,
        alarms,
        freezes,
        cuts,
        fault);
  }

  Setting crashes(int newCrashes) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        newCrashes,
        failures,
        alarms,
        freezes,
        cuts,
        fault);
  }

  Setting failures(int newFailures) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        newFailures,
        alarms,
        freezes,
        cuts,
        fault);
  }

  Setting alarms(int newAlarms) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        failures,
        newAlarms,
        freezes,
        cuts,
        fault);
  }

  Setting freezes(int newFreezes) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        failures,
        alarms,
        newFreezes,
        cuts,
        fault);
  }

  Setting cuts(int newCuts) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        failures,
        alarms,
        freezes,
        newCuts,
        fault);
  }

  Setting with(RolloutModel.Fault newFault) {
    return new Setting(
        instances,
        maxUnavailable,
        orders,
        downloads,
        lag,
        crashes,
        failures,
        alarms,
        freezes,
        cuts,
        newFault);
  }
}
