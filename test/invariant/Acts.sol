// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseStatus, ReleaseTerms} from "../../contracts/interfaces/IModelHub.sol";
import {SignerStatus, Standing} from "../../contracts/interfaces/IOperators.sol";
import {ReleaseId} from "../../contracts/types/ReleaseId.sol";
import {Actor} from "../unit/support/NetworkFixture.sol";
import {Books} from "./Books.sol";

/// What all acts share: each happens some seconds after the one before, is drawn from one seed, and is counted.
abstract contract Acts is Books {
    modifier acting() {
        ++step;
        clock += step % 13;
        vm.warp(clock);
        vm.roll(block.number + 1);
        vm.recordLogs();
        _;
        _absorb();
    }

    /// One that could answer for `minStake`; any when there is none.
    function _fitActor(uint256 seed, uint256 minStake) internal view returns (Actor memory actor) {
        uint256 start = _draw(seed, "actor");
        for (uint256 i; i < actors.length; ++i) {
            actor = actors[(start + i) % actors.length];
            Standing memory standing = operators.standingOf(actor.signer);
            if (standing.status == SignerStatus.Active && !standing.jailed && standing.stake * GRAIN >= minStake) {
                return actor;
            }
        }
    }

    /// Yanked ones too, as long as they may be used.
    function _anyRelease(uint256 seed) internal view returns (ReleaseId release_) {
        release_ = releases[_draw(seed, "release") % releases.length];
        ReleaseTerms memory terms = hub.termsOf(release_);
        if (terms.status == ReleaseStatus.Yanked && terms.statusSince + 7 days <= clock) return releases[0];
    }
}
