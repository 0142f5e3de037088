// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {Contributor, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {RequestTerms} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {Actor, NetworkFixture} from "../support/NetworkFixture.sol";

/// The parts of one claim, as its event tells them.
struct Parts {
    uint256 total;
    uint256 protocolFee;
    uint256 royalty;
    uint256 operatorShare;
    uint256 forfeited;
}

/// `InferenceRequests` as the account book that it is, with one operator that can earn.
abstract contract EscrowFixture is NetworkFixture {
    Actor internal operator;
    /// Start of a window of earnings, some windows after everything was set up.
    uint256 internal start;

    function setUp() public virtual override {
        super.setUp();
        operator = _onboard("operator");
        start = 1_735_689_600 + ((block.timestamp - 1_735_689_600) / DISPUTE_WINDOW + 3) * DISPUTE_WINDOW;
        vm.warp(start);
    }

    /// One inference of `release_`, answered in time.
    function _earn(ReleaseId release_, uint256 fee) internal {
        _fulfil(operator, _ask(release_, fee), "output");
    }

    function _earn() internal {
        _earn(release, FEE);
    }

    function _ask(ReleaseId release_, uint256 fee) internal returns (Request memory) {
        RequestTerms memory terms = _terms(1);
        (terms.release, terms.fee) = (release_, fee);
        if (fee != 0) _deposit(user, fee);
        return _open(user, terms, "input");
    }

    function _claim() internal returns (Parts memory) {
        return _claim(release, _noContributors());
    }

    /// Claims as a stranger, and reads the event.
    function _claim(ReleaseId release_, Contributor[] memory contributors) internal returns (Parts memory parts) {
        vm.recordLogs();
        vm.prank(stranger);
        uint256 total = requests.claim(operator.id, release_, contributors);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IEscrow.EarningsClaimed.selector) parts = abi.decode(logs[i].data, (Parts));
        }
        assertEq(parts.total, total);
    }

    function _publishWith(Contributor[] memory contributors, uint256 royalty) internal returns (ReleaseId) {
        ReleaseContent memory content = _content();
        content.contributors = contributors;
        return _publish(content, royalty, 0, VANILLA_ONLY);
    }

    function _noContributors() internal pure returns (Contributor[] memory contributors) {}
}
