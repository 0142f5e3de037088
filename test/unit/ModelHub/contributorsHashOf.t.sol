// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ContributorsHashOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.contributorsHashOf(NOWHERE);
    }

    function test_isZeroWithoutContributors() public {
        assertEq(hub.contributorsHashOf(_publish()), 0);
    }

    function test_commitsToAccountsSharesAndOrder() public {
        ReleaseContent memory content = _withContributors(2, 100);
        bytes32 hash = hub.contributorsHashOf(_publish(content, false));
        assertEq(hash, keccak256(abi.encode(content.contributors)));
        (content.contributors[0], content.contributors[1]) = (content.contributors[1], content.contributors[0]);
        assertNotEq(hub.contributorsHashOf(_publish(content, false)), hash);
    }
}
