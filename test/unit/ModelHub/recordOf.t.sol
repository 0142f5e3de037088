// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arithmetic, ReleaseRecord} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract RecordOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.recordOf(NOWHERE);
    }

    function test_givesTheRecordOfALaterVersion() public {
        _publish();
        _publish(_contentOfSchema(1), true);
        vm.roll(77);
        ReleaseRecord memory record = hub.recordOf(_publish(_contentOfSchema(1), false));
        assertEq(record.model, model);
        assertEq(record.major, 2);
        assertEq(record.minor, 1);
        assertEq(record.publishedBlock, 77);
        assertEq(record.contributorsHash, 0);
    }

    function test_tellsDeclaredArithmetic() public {
        ReleaseRecord memory record = hub.recordOf(_publish(_exactContent(), false));
        assertEq(uint256(record.arithmetic), uint256(Arithmetic.Exact));
    }
}
