// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract CommitContentTest is ModelHubFixture {
    bytes32 private constant COMMITMENT = keccak256("commitment");

    function test_announcesTheCommitment() public {
        vm.expectEmit(address(hub));
        emit IModelHub.ContentCommitted(COMMITMENT);
        hub.commitContent(COMMITMENT);
    }

    function test_isSilentWhenRepeated() public {
        hub.commitContent(COMMITMENT);
        vm.recordLogs();
        hub.commitContent(COMMITMENT);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 0);
    }

    function test_rule20_nobodyMakesACommitmentYounger() public {
        _commit(DERIVED_ID);
        vm.prank(stranger);
        hub.commitContent(_commitmentOf(publisher, DERIVED_ID));
        _publishBound(_content(), DERIVED_ID);
    }

    function test_rule20_aCommitmentCopiedFirstStillServesItsMaker() public {
        vm.prank(stranger);
        hub.commitContent(_commitmentOf(publisher, DERIVED_ID));
        _commit(DERIVED_ID);
        _publishBound(_content(), DERIVED_ID);
    }
}
