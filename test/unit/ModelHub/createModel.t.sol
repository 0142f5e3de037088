// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelId, modelIdOf} from "../../../contracts/types/ModelId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract CreateModelTest is ModelHubFixture {
    function test_revertsWhenTheModelExists() public {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ModelExists.selector, model));
        vm.prank(publisher);
        hub.createModel("eth-volatility-1h");
    }

    function test_revertsWhenTheModelMovedToAnotherOwner() public {
        _moveOwnership(stranger);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ModelExists.selector, model));
        vm.prank(publisher);
        hub.createModel("eth-volatility-1h");
    }

    function test_revertsWhenTheNameIsInvalid() public {
        string[14] memory names = [
            "",
            "-a",
            "a-",
            ".a",
            "a.",
            "_a",
            "a_",
            "A",
            "aBc",
            "a b",
            "a/b",
            unicode"é",
            "a\x00b",
            "12345678901234567890123456789012345678901234567890123456789012345"
        ];
        for (uint256 i; i < names.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IModelHub.ModelNameInvalid.selector, names[i]));
            hub.createModel(names[i]);
        }
    }

    function test_createsAModelOfTheCaller() public {
        ModelId expected = modelIdOf(stranger, "btc.fee_model-2");
        vm.expectEmit(address(hub));
        emit IModelHub.ModelCreated(expected, stranger, "btc.fee_model-2");
        vm.prank(stranger);
        ModelId created = hub.createModel("btc.fee_model-2");

        assertEq(created, expected);
        assertEq(hub.publisherOf(created), stranger);
        assertEq(hub.heirOf(created), address(0));
        assertEq(hub.nameOf(created), "btc.fee_model-2");
    }

    function test_scopesNamesByPublisher() public {
        vm.prank(stranger);
        ModelId other = hub.createModel("eth-volatility-1h");
        assertNotEq(ModelId.unwrap(other), ModelId.unwrap(model));
        assertEq(hub.publisherOf(model), publisher);
    }

    function test_takesTheShortestAndTheLongestName() public {
        hub.createModel("a");
        hub.createModel("0");
        hub.createModel("1234567890123456789012345678901234567890123456789012345678901234");
    }

    /// Letters come from an alphabet in which about two thirds are allowed inside a name.
    function testFuzz_takesANameExactlyWhenItFollowsTheGrammar(uint256 seed, uint256 length) public {
        bytes memory alphabet = "az09-_.mq5Z/{`: ~";
        bytes memory name = new bytes(bound(length, 0, 6));
        for (uint256 i; i < name.length; ++i) {
            name[i] = alphabet[(seed >> (8 * i)) % alphabet.length];
        }
        bool valid = _followsGrammar(name);
        if (!valid) vm.expectRevert(abi.encodeWithSelector(IModelHub.ModelNameInvalid.selector, string(name)));
        ModelId created = hub.createModel(string(name));
        if (valid) assertEq(hub.nameOf(created), string(name));
    }

    function _followsGrammar(bytes memory name) private pure returns (bool) {
        if (name.length == 0) return false;
        bool valid = _isLetterOrDigit(name[0]) && _isLetterOrDigit(name[name.length - 1]);
        for (uint256 i; i < name.length; ++i) {
            valid = valid && (_isLetterOrDigit(name[i]) || name[i] == "-" || name[i] == "_" || name[i] == ".");
        }
        return valid;
    }

    function _isLetterOrDigit(bytes1 char) private pure returns (bool) {
        bytes memory allowed = "abcdefghijklmnopqrstuvwxyz0123456789";
        for (uint256 i; i < allowed.length; ++i) {
            if (allowed[i] == char) return true;
        }
        return false;
    }
}
