// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LaneRecord, RequestState} from "../../../contracts/interfaces/IInferenceRequests.sol";
import {Request} from "../../../contracts/types/Request.sol";
import {RequestId} from "../../../contracts/types/RequestId.sol";
import {RequestsFixture} from "./RequestsFixture.sol";

/// `idOf`, `stateOf`, `laneOf`, `feeAt`; `describe` is held against what was asked for in request.t.sol.
contract ViewsTest is RequestsFixture {
    Request internal opened;

    function setUp() public override {
        super.setUp();
        opened = _openFunded(1);
    }

    /// Documented, so that others can compute it.
    function test_idOfHashesContractAndContents() public view {
        assertEq(
            RequestId.unwrap(requests.idOf(opened)),
            keccak256(bytes.concat(abi.encode(address(requests)), abi.encode(opened)))
        );
    }

    function testFuzz_rule15_idOfDependsOnEveryWord(uint256 word, uint256 bit) public view {
        word = bound(word, 0, 4);
        bytes memory contents = abi.encode(opened);
        uint256 place = 32 * (word + 1);
        uint256 mask = 1 << (bit % 256);
        assembly ("memory-safe") {
            mstore(add(contents, place), xor(mload(add(contents, place)), mask))
        }
        Request memory changed = abi.decode(contents, (Request));
        assertTrue(RequestId.unwrap(requests.idOf(changed)) != RequestId.unwrap(requests.idOf(opened)));
    }

    function test_stateOfKnowsOnlyTheLanesPresentRequest() public {
        assertEq(uint256(requests.stateOf(user, 1, 0)), uint256(RequestState.Open));
        assertEq(uint256(requests.stateOf(user, 1, 1)), uint256(RequestState.None));
        assertEq(uint256(requests.stateOf(user, 2, 0)), uint256(RequestState.None));
        assertEq(uint256(requests.stateOf(stranger, 1, 0)), uint256(RequestState.None));
        _fulfil(operator, opened, OUTPUT);
        assertEq(uint256(requests.stateOf(user, 1, 0)), uint256(RequestState.Fulfilled));
        _openFunded(1);
        assertEq(uint256(requests.stateOf(user, 1, 0)), uint256(RequestState.None));
        assertEq(uint256(requests.stateOf(user, 1, 1)), uint256(RequestState.Open));
    }

    function test_laneOfIsEmptyBeforeTheFirstRequest() public view {
        LaneRecord memory record = requests.laneOf(stranger, 1);
        assertEq(record.commitment, 0);
        assertEq(record.nonce, 0);
        assertEq(uint256(record.state), uint256(RequestState.None));
    }

    function test_feeAtFollowsTheCurve() public view {
        uint40 full = opened.times.fullFeeUntil();
        assertEq(requests.feeAt(opened, 0), FEE);
        assertEq(requests.feeAt(opened, full), FEE);
        assertEq(requests.feeAt(opened, full + 15 minutes), FEE / 2);
        assertEq(requests.feeAt(opened, opened.times.deadline()), 0);
        assertEq(requests.feeAt(opened, type(uint256).max), 0);
    }
}
