// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../../../contracts/interfaces/IEscrow.sol";
import {EscrowFixture} from "./EscrowFixture.sol";

contract SetTreasuryTest is EscrowFixture {
    function test_revertsWhenTheCallerIsNotTheGovernor() public {
        vm.expectRevert(_unauthorized(treasury));
        vm.prank(treasury);
        requests.setTreasury(stranger);
    }

    function test_revertsWhenTheTreasuryIsZeroOrUnchanged() public {
        vm.startPrank(governor);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.TreasuryInvalid.selector, address(0)));
        requests.setTreasury(address(0));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.TreasuryInvalid.selector, treasury));
        requests.setTreasury(treasury);
    }

    function test_setsTheTreasury() public {
        vm.expectEmit(address(requests));
        emit IEscrow.TreasurySet(treasury, stranger);
        vm.prank(governor);
        requests.setTreasury(stranger);
        assertEq(requests.treasury(), stranger);
    }

    function test_revertsWhenTheProtocolFeeIsOutOfBounds() public {
        bytes memory args = abi.encode(opg, operators, hub, settlement, authority, treasury, uint16(1001));
        vm.expectRevert(abi.encodeWithSelector(IEscrow.ProtocolFeeOutOfBounds.selector, 1001));
        this.deploy(args);
    }

    function deploy(bytes calldata args) external returns (address) {
        bytes memory code = vm.getCode("contracts/InferenceRequests.sol:InferenceRequests");
        bytes memory creation = abi.encodePacked(code, args);
        assembly ("memory-safe") {
            let deployed := create(0, add(creation, 32), mload(creation))
            if iszero(deployed) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
            mstore(0, deployed)
            return(0, 32)
        }
    }
}
